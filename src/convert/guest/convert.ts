/**
 * src/convert/guest: what is inside copied disks, and what makes the guest on them boot on KubeVirt. It drives virt-v2v-in-place and
 * guestfish; it does not know clusters, providers or plans, and it starts no guest (src/convert/boot does).
 *
 *   overlays made ─► virt-v2v-in-place ─► finishing (finish/) ─► overlays synced ─► committed disk by disk ─► converted
 *   └──────────── killed or failed: thrown away ─────────────┘ └─ killed: committed again ─┘
 *
 * This file is the order of these steps; how far they are is in conversion-state.ts.
 */
import type { ConverterOptions } from '../../contracts/guest-converter.ts';
import type { ConversionPhase, ConversionRequest, ConversionResult } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import { changedExtents } from './changed-extents.ts';
import { readStage, writeStage } from './conversion-state.ts';
import { commitOverlay, makeOverlays, type Overlay, overlaysOf, removeOverlays, syncOverlays } from './overlay.ts';
import { checkCanceled } from './program.ts';

/** What writes to the overlays: virt-v2v and what follows it, or anything else in a test. */
export type Work = (overlays: readonly Overlay[]) => Promise<Omit<ConversionResult, 'disks'>>;

/**
 * Brings the work of `work` to all disks of a VM or to none. @see GuestConverter.convert
 * @throws what `work` throws, after everything it wrote is thrown away; MigrationError of the overlays and of the state
 */
export async function convertDisks(
  { disks, copy, vm }: Pick<ConversionRequest, 'disks' | 'copy' | 'vm'>,
  { workspace, onProgress, beforeCommit, signal }: Pick<ConverterOptions, 'workspace' | 'onProgress' | 'beforeCommit' | 'signal'>,
  work: Work,
): Promise<ConversionResult> {
  requireDisks({ disks, vm });
  const stage = await readStage(workspace, { disks, copy });
  if (stage?.is === 'converted') return await cleanedUp(workspace, stage.result);
  const result = stage?.is === 'committing' ? stage.result : await convertOverlays();
  return await commitAll(result);

  async function convertOverlays(): Promise<ConversionResult> {
    const overlays = await makeOverlays(workspace, disks, signal);
    await writeStage(workspace, { disks, copy }, { is: 'converting' });
    const result = await complete(overlays).catch(async (error: unknown) => {
      // What cannot be cleaned up now is thrown away by the next try: the cause must not be hidden.
      await removeOverlays(workspace).catch(() => undefined);
      throw error;
    });
    await writeStage(workspace, { disks, copy }, { is: 'committing', result });
    return result;
  }

  async function complete(overlays: readonly Overlay[]): Promise<ConversionResult> {
    const done = await work(overlays);
    checkCanceled(signal);
    await syncOverlays(workspace, overlays);
    return { ...done, disks: await changesOf(overlays, signal) };
  }

  async function commitAll(result: ConversionResult): Promise<ConversionResult> {
    const began = performance.now();
    await beforeCommit?.(result.disks);
    for (const overlay of overlaysOf(workspace, disks)) {
      onProgress?.({ phase: 'commit', text: `Writing the changes of disk ${overlay.key}` });
      await commitOverlay(overlay, signal);
    }
    const finished: ConversionResult = { ...result, seconds: [...result.seconds, secondsSince('commit', began)] };
    await writeStage(workspace, { disks, copy }, { is: 'converted', result: finished });
    return await cleanedUp(workspace, finished);
  }
}

/** @throws MigrationError `guest-system-missing` */
export function requireDisks({ disks, vm }: Pick<ConversionRequest, 'disks' | 'vm'>): void {
  if (disks.length === 0) throw new MigrationError('guest-system-missing', 'The VM has no disks to convert.', { vm });
}

/** One line of a result's times. */
export function secondsSince(
  phase: ConversionPhase,
  began: number,
): { readonly phase: ConversionPhase; readonly seconds: number } {
  return { phase, seconds: Math.round((performance.now() - began) / 100) / 10 };
}

async function changesOf(overlays: readonly Overlay[], signal: AbortSignal): Promise<ConversionResult['disks']> {
  const changes: ConversionResult['disks'][number][] = [];
  for (const overlay of overlays) changes.push({ key: overlay.key, ...(await changedExtents(overlay, signal)) });
  return changes;
}

/** Overlays that the disks hold already are of no use to anybody. */
async function cleanedUp(workspace: string, result: ConversionResult): Promise<ConversionResult> {
  await removeOverlays(workspace);
  return result;
}
