/**
 * `npm run demo [FOLDER]`: builds a small VM as an OVA, migrates it with the command line as a user would, shows what came
 * out and why it can be trusted, and boots the migrated disk where qemu-system-x86_64 is installed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Report, VmReport } from '../../src/model/report.ts';
import { formatBytes } from '../../src/model/units.ts';
import { bootAndListen } from './guest/boot.ts';
import { DAMAGED, INTACT } from './guest/boot-sector.ts';
import { buildGuest, GUEST_NAME } from './guest/build.ts';
import { guestDisk } from './guest/disk.ts';
import { drawTree } from './tree.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const BOOT_LIMIT_MS = 60_000;

process.exitCode = await demo(path.resolve(process.argv[2] ?? 'out'));

async function demo(out: string): Promise<number> {
  const occupant = await whoseFolder(out);
  if (occupant === 'other') {
    say(`${out} holds something else than an earlier demo. Move it away, or name another folder: npm run demo -- FOLDER`);
    return 2;
  }
  if (occupant === 'demo') await rm(out, { recursive: true });

  title('A virtual machine, packed as an OVA');
  const ova = await buildGuest(path.join(ROOT, 'node_modules/.cache/kubeferry'));
  say(shown(ova));

  const args = ['migrate', '--guest', 'none', shown(ova), '--to', shown(out)];
  title(`npx kubeferry ${args.join(' ')}`);
  const code = await kubeferry(args);
  if (code !== 0) return code;

  title('What is in the folder');
  say([`${shown(out)}/`, ...(await drawTree(out))].join('\n'));

  const report: Report = JSON.parse(await readFile(path.join(out, 'report.json'), 'utf8'));
  let fine = true;
  for (const vm of report.vms) {
    title(`The proof of ${vm.vm.name}`);
    fine = (await showProof(vm, out)) && fine;
    title('Next, on a cluster with KubeVirt');
    say(nextSteps(vm, out));
  }
  return fine ? 0 : 3;
}

/** An earlier demo's folder may be replaced; anything else may not. */
async function whoseFolder(folder: string): Promise<'nobody' | 'demo' | 'other'> {
  if (!existsSync(folder)) return 'nobody';
  try {
    if ((await readdir(folder)).length === 0) return 'nobody';
    const run: { kind?: string; vms?: { target?: string }[] } = JSON.parse(
      await readFile(path.join(folder, '.kubeferry/run.json'), 'utf8'),
    );
    return run.vms?.length === 1 && run.vms[0]?.target === GUEST_NAME ? 'demo' : 'other';
  } catch {
    return 'other';
  }
}

/** Runs the command line in a process of its own, on our terminal. */
async function kubeferry(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [path.join(ROOT, 'src/cli/bin.js'), ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child as well, which cleans up and ends; we only wait for it.
  const wait = () => {};
  process.on('SIGINT', wait);
  const [code] = await once(child, 'close');
  process.off('SIGINT', wait);
  return typeof code === 'number' ? code : 3;
}

/** kubeferry's own proof, then two that do not rely on it: the bytes that the guest was built from, and the guest's own word. */
async function showProof(vm: VmReport, out: string): Promise<boolean> {
  for (const { job, size, allocated, proof } of vm.progress?.transfers ?? []) {
    say(`${job}: ${formatBytes(size)}, of which ${formatBytes(allocated)} hold data`);
    if (proof === undefined) return fail('  there is no proof');
    say(`  source and target were read again and agree in every block of ${formatBytes(proof.blockSize)}`);
    say(`  ${proof.algorithm} over all block hashes: ${proof.root}`);
  }
  const [disk] = await disksOf(vm, out);
  if (disk === undefined) return fail('there is no disk');
  if (!guestDisk().equals(await readFile(disk))) return fail('the raw disk is not what the guest was built from');
  say('the raw disk is, byte for byte, what the guest was built from');
  return await showBoot(disk);
}

async function showBoot(disk: string): Promise<boolean> {
  const signal = AbortSignal.timeout(BOOT_LIMIT_MS);
  try {
    const heard = await bootAndListen({ disk, until: new RegExp(`${INTACT}|${DAMAGED}`), signal });
    say(`the migrated disk boots, and its console says:\n${heard.replaceAll('\r', '').trim().replaceAll(/^/gm, '  | ')}`);
    return heard.includes(INTACT) || fail('the guest found its disk damaged');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing) say('qemu-system-x86_64 is not installed: the boot is left out');
    return missing || fail(`the migrated disk does not boot: ${signal.aborted ? 'the console stayed silent' : String(error)}`);
  }
}

function nextSteps(vm: VmReport, out: string): string {
  const name = vm.plan.mapping.targetName;
  const lines = ['# claims, and the VM, which stays off:', `kubectl apply -k ${shown(out)}`];
  lines.push('# the disks (without CDI: copy each into its volume as disk.img, owner 107:107):');
  for (const { claim } of vm.plan.mapping.placements) {
    const image = shown(path.join(out, name, 'disks', `${claim}.img`));
    lines.push(`virtctl image-upload pvc ${claim} --no-create --image-path ${image}`);
  }
  lines.push('# and on:', `virtctl start ${name} && virtctl console ${name}`);
  return lines.join('\n');
}

async function disksOf(vm: VmReport, out: string): Promise<readonly string[]> {
  const folder = path.join(out, vm.plan.mapping.targetName, 'disks');
  return (await readdir(folder)).map((file) => path.join(folder, file));
}

/** A path as one would type it here. */
function shown(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

function title(text: string): void {
  process.stdout.write(`\n── ${text}\n\n`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): false {
  say(`FAILED: ${text}`);
  return false;
}
