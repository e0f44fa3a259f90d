/** What the demos share: their folder, kubeferry in a process of its own, and how they speak. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { VmReport } from '../../src/model/report.ts';
import { formatBytes } from '../../src/model/units.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');
/** What a demo makes for itself and may use again. */
export const CACHE = path.join(ROOT, 'node_modules/.cache/kubeferry');

/** Whether the demo may write there: an earlier demo's folder is removed, anything else is left alone, and told. @param guests names of the demos' VMs */
export async function clearFolder(folder: string, guests: readonly string[]): Promise<boolean> {
  const occupant = await whoseFolder(folder, guests);
  if (occupant === 'other') {
    say(`${folder} holds something else than an earlier demo. Move it away, or name another folder: npm run demo -- FOLDER`);
    return false;
  }
  if (occupant === 'demo') await rm(folder, { recursive: true });
  return true;
}

/** An earlier demo's folder may be replaced; anything else may not. */
async function whoseFolder(folder: string, guests: readonly string[]): Promise<'nobody' | 'demo' | 'other'> {
  if (!existsSync(folder)) return 'nobody';
  try {
    if ((await readdir(folder)).length === 0) return 'nobody';
    const run: { kind?: string; vms?: { target?: string }[] } = JSON.parse(
      await readFile(path.join(folder, '.kubeferry/run.json'), 'utf8'),
    );
    return run.vms?.length === 1 && guests.includes(run.vms[0]?.target ?? '') ? 'demo' : 'other';
  } catch {
    return 'other';
  }
}

/** Runs the command line in a process of its own, on our terminal. */
export async function kubeferry(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [path.join(ROOT, 'src/cli/bin.js'), ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child as well, which cleans up and ends; we only wait for it.
  const wait = () => {};
  process.on('SIGINT', wait);
  const [code] = await once(child, 'close');
  process.off('SIGINT', wait);
  return typeof code === 'number' ? code : 3;
}

export function nextSteps(vm: VmReport, out: string): string {
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

export async function disksOf(vm: VmReport, out: string): Promise<readonly string[]> {
  const folder = path.join(out, vm.plan.mapping.targetName, 'disks');
  return (await readdir(folder)).map((file) => path.join(folder, file));
}

/** A path as one would type it here. */
export function shown(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

export function title(text: string): void {
  process.stdout.write(`\n── ${text}\n\n`);
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function fail(text: string): false {
  say(`FAILED: ${text}`);
  return false;
}

/** What kubeferry read, wrote and read again. */
export function showTransfers(vm: VmReport): boolean {
  for (const { job, size, allocated, proof } of vm.progress?.transfers ?? []) {
    say(`${job}: ${formatBytes(size)}, of which ${formatBytes(allocated)} hold data`);
    if (proof === undefined) return fail('  there is no proof');
    say(`  source and target were read again and agree in every block of ${formatBytes(proof.blockSize)}`);
    say(`  ${proof.algorithm} over all block hashes: ${proof.copied ?? proof.root}`);
  }
  return true;
}
