/**
 * The longer demo: a Debian 12 as VMware runs it (PVSCSI, VMXNET3, static addresses on ens192 and ens224, an initramfs that knows nothing else) is
 * built, packed as an OVA, migrated, converted to virtio and seen to boot. Everything that is shown at the end is read from the report.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { chooseAccelerator } from '../../src/convert/boot/accelerator.ts';
import type { BootProof } from '../../src/model/boot-proof.ts';
import type { GuestOutcome } from '../../src/model/conversion.ts';
import type { Report, VmReport } from '../../src/model/report.ts';
import { packageGuest } from '../peers/guests/package-guest.ts';
import { buildGuest, GUEST_CARDS, USUAL_GUEST } from '../peers/guests.ts';
import { CACHE, fail, kubeferry, nextSteps, ROOT, say, shown, showTransfers, title } from './stage.ts';
import { drawTree } from './tree.ts';

export const DEBIAN_NAME = 'debian';
/** Lines of the guest's console that are shown. */
const CONSOLE_LINES = 12;
/** Conversion and boot, by what runs the machines for them: on two cores, with emulation, some 4 minutes and one were measured. */
const MINUTES = { kvm: '1 minute', tcg: '5 to 10 minutes on a quiet machine' } as const;

/** Static addresses need networks of the guest's own: the pod network would give it others. */
const NETWORKS = `apiVersion: kubeferry.dev/v1alpha1
kind: NetworkMap
metadata:
  name: demo
spec:
  entries:
    - source: { name: VM Network 1 }
      target: { type: multus, namespace: networks, name: servers }
    - source: { name: VM Network 2 }
      target: { type: multus, namespace: networks, name: backup }
`;

/** Exit code for the process. */
export async function demoDebian(out: string): Promise<number> {
  const setup = spawnSync(process.execPath, [path.join(ROOT, 'test/setup/setup.mjs'), 'guest'], { stdio: 'inherit' });
  if (setup.status !== 0) return setup.status ?? 3;
  const { name, because } = await chooseAccelerator(AbortSignal.timeout(60_000));
  say(`How long it takes: 5 minutes to build the guest the first time; then ${MINUTES[name]} for its conversion and its boot.`);
  say(`(${name === 'kvm' ? 'KVM runs its machines' : 'Its machines are emulated'}. ${because})`);

  title('A Debian 12 as VMware runs it, packed as an OVA');
  const ova = await packedGuest();
  say(shown(ova));
  for (const card of GUEST_CARDS) say(`  ${card.mac} is ${card.name}, ${card.address}`);

  const networks = path.join(path.dirname(ova), 'networks.yaml');
  await writeFile(networks, NETWORKS);
  say(`where its networks go: ${shown(networks)}\n${NETWORKS.trim().replaceAll(/^/gm, '  | ')}`);
  const words = ['--network-map', shown(networks), '--guest', 'convert', '--prove', 'boot'];
  for (const args of [
    ['plan', shown(ova), ...words],
    ['migrate', shown(ova), '--to', shown(out), ...words],
  ]) {
    title(`npx kubeferry ${args.join(' ')}`);
    const code = await kubeferry(args);
    if (code !== 0) return code;
  }

  title('What is in the folder');
  say([`${shown(out)}/`, ...(await drawTree(out))].join('\n'));
  const report: Report = JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8'));
  return report.vms.map((vm) => showGuest(vm, out)).every(Boolean) ? 0 : 3;
}

/** Raw disks are kept by test/peers/guests.ts; the package of them is kept here, by the same name. */
async function packedGuest(): Promise<string> {
  const disks = await buildGuest(USUAL_GUEST);
  const folder = path.join(CACHE, path.basename(disks[0] ?? '', '.img'));
  const ova = path.join(folder, `${DEBIAN_NAME}.ova`);
  if (existsSync(ova)) return ova;
  say('packing it …');
  const half = path.join(folder, 'half', `${DEBIAN_NAME}.ova`);
  await mkdir(path.dirname(half), { recursive: true });
  await packageGuest(USUAL_GUEST, disks, half);
  await rename(half, ova);
  return ova;
}

function showGuest(vm: VmReport, out: string): boolean {
  title(`What was copied of ${vm.vm.name}`);
  const copied = showTransfers(vm);
  const { conversion, proof } = vm.progress ?? {};
  title('What was done to the guest');
  if (conversion === undefined) return fail('it was not converted');
  showConversion(conversion);
  title('How it booted');
  if (proof === undefined) return fail('nobody saw it boot');
  const booted = showBoot(proof);
  title('Next, on a cluster with KubeVirt');
  say(nextSteps(vm, out));
  return copied && booted;
}

function showConversion({
  guest = 'the guest',
  converter = 'nobody',
  accelerator,
  changes,
  warnings,
  seconds,
}: GuestOutcome): void {
  const spent = seconds.reduce((sum, phase) => sum + phase.seconds, 0);
  say(`${guest} was converted by ${converter} (${accelerator}) in ${Math.round(spent)} s:`);
  for (const { what, file } of changes) say(`  - ${what}${file === undefined ? '' : ` (${file})`}`);
  for (const warning of warnings) say(`  ! ${warning}`);
}

function showBoot({ booted, evidence, trouble, seconds, addresses, screenshot, console }: BootProof): boolean {
  for (const { kind, text, seconds: at } of evidence) say(`after ${Math.round(at)} s: ${text} (${kind})`);
  say(`its console ended with:\n${console.trim().split('\n').slice(-CONSOLE_LINES).join('\n').replaceAll(/^/gm, '  | ')}`);
  for (const { mac, name, address } of GUEST_CARDS) {
    say(`${mac} (${name}): ${address} before, ${addresses[mac]?.join(', ') ?? 'not seen'} now`);
  }
  say(screenshot === undefined ? 'there is no picture of its screen' : `its screen: ${shown(screenshot)}`);
  if (booted) return true;
  return fail(trouble?.text ?? `it did not boot in ${Math.round(seconds)} s`);
}
