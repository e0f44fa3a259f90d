/**
 * Copy-on-write overlays: a converter writes to them, the copied disks below stay as they are until everything went well.
 *
 *   disk (raw, only read) ◄── overlay (qcow2, written) ── complete? ──► commit into the disk, sync, remove the overlay
 *
 * Disks are committed one after the other. An overlay stays whole until its commit is synced, so that a commit can be repeated.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConversionDisk } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import { syncPath } from './conversion-state.ts';
import { checkCanceled, runProgram } from './program.ts';

export interface Overlay extends ConversionDisk {
  /** The qcow2 file beside the disk. */
  readonly overlay: string;
}

/** Where the overlays of these disks are, whether they are there or not. */
export function overlaysOf(workspace: string, disks: readonly ConversionDisk[]): Overlay[] {
  return disks.map((disk, at) => ({ ...disk, overlay: path.join(workspace, `overlay-${at}.qcow2`) }));
}

/** Throws away what an earlier try left and makes empty overlays. */
export async function makeOverlays(
  workspace: string,
  disks: readonly ConversionDisk[],
  signal: AbortSignal,
): Promise<readonly Overlay[]> {
  await mkdir(workspace, { recursive: true, mode: 0o700 });
  await removeOverlays(workspace);
  const overlays = overlaysOf(workspace, disks);
  for (const { path: base, overlay } of overlays) {
    const backing = path.resolve(base);
    await qemuImg(['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', backing, overlay], base, signal);
  }
  return overlays;
}

export async function removeOverlays(workspace: string): Promise<void> {
  for (const name of await readdir(workspace)) {
    if (/^overlay-\d+\.qcow2$/.test(name)) await rm(path.join(workspace, name));
  }
}

/** What was written to the overlays survives a power failure from here on. */
export async function syncOverlays(workspace: string, overlays: readonly Overlay[]): Promise<void> {
  for (const { overlay } of overlays) await syncPath(overlay);
  await syncPath(workspace);
}

/**
 * Writes an overlay into its disk. To be repeated until it succeeds: until then the disk is whole only together with its overlay.
 * @throws MigrationError `target-full`, `target-write-failed`, `canceled`
 */
export async function commitOverlay({ path: base, overlay }: Overlay, signal: AbortSignal): Promise<void> {
  // -d: the overlay is not emptied, which would make the commit impossible to repeat.
  await qemuImg(['commit', '-q', '-d', '-f', 'qcow2', overlay], base, signal);
  await syncPath(base);
}

/** Milliseconds between tries for an image that another qemu has, and how many there are. */
const LOCK_PAUSE = 200;
const LOCK_TRIES = 50;

/** A run that was killed may hold its images for a moment longer: its own end is on the way. */
export async function qemuImg(
  argv: readonly string[],
  file: string,
  signal: AbortSignal,
  onLine?: (line: string) => void,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { status, stderr } = await runProgram('qemu-img', argv, onLine === undefined ? { signal } : { signal, onLine });
    if (status === 0) return;
    if (!/Failed to get .*lock/.test(stderr) || tries === LOCK_TRIES) throw failed(argv, file, stderr);
    await pause(LOCK_PAUSE, undefined, { signal }).catch(() => checkCanceled(signal));
  }
}

function failed([command]: readonly string[], file: string, stderr: string): MigrationError {
  const full = /No space left on device|Disk quota exceeded/.test(stderr);
  const said = stderr || 'it does not say why';
  return new MigrationError(full ? 'target-full' : 'target-write-failed', `qemu-img ${command} failed: ${said}`, { file });
}
