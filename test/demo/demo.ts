/**
 * `npm run demo [-- [FOLDER]]`: builds a small VM as an OVA, migrates it with the command line as a user would, shows what came
 * out and why it can be trusted, and boots the migrated disk where qemu-system-x86_64 is installed.
 * `npm run demo -- --guest debian [FOLDER]`: the same with a Debian guest of VMware, which is converted and has to boot; takes minutes.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Report, VmReport } from '../../src/model/report.ts';
import { DEBIAN_NAME, demoDebian } from './debian.ts';
import { bootAndListen } from './guest/boot.ts';
import { DAMAGED, INTACT } from './guest/boot-sector.ts';
import { buildGuest, GUEST_NAME } from './guest/build.ts';
import { guestDisk } from './guest/disk.ts';
import { CACHE, clearFolder, disksOf, fail, kubeferry, nextSteps, say, shown, showTransfers, title } from './stage.ts';
import { drawTree } from './tree.ts';

const BOOT_LIMIT_MS = 60_000;

const { values, positionals } = parseArgs({ allowPositionals: true, options: { guest: { type: 'string', default: 'tiny' } } });
process.exitCode = await main(values.guest, path.resolve(positionals[0] ?? 'out'));

async function main(guest: string, out: string): Promise<number> {
  if (guest !== 'tiny' && guest !== 'debian') {
    say(`there is no guest ${guest}: tiny or debian`);
    return 2;
  }
  if (!(await clearFolder(out, [GUEST_NAME, DEBIAN_NAME]))) return 2;
  return guest === 'tiny' ? await demo(out) : await demoDebian(out);
}

async function demo(out: string): Promise<number> {
  title('A virtual machine, packed as an OVA');
  const ova = await buildGuest(CACHE);
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

/** kubeferry's own proof, then two that do not rely on it: the bytes that the guest was built from, and the guest's own word. */
async function showProof(vm: VmReport, out: string): Promise<boolean> {
  if (!showTransfers(vm)) return false;
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
