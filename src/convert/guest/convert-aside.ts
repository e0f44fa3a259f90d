import type { ConverterOptions } from '../../contracts/guest-converter.ts';
import type { ConversionRequest, ConversionResult } from '../../model/conversion.ts';
import { requireDisks, type Work } from './convert.ts';
import { makeOverlays, type Overlay } from './overlay.ts';
import { checkCanceled } from './program.ts';

export interface AsideResult extends Omit<ConversionResult, 'disks'> {
  readonly overlays: readonly Overlay[];
}

/**
 * Lets `work` do its part on overlays that nobody commits: the disks stay as they are, and must, as long as the overlays are used. Begins anew each time.
 * @throws what `work` throws; the overlays are to be thrown away then, with their workspace
 */
export async function convertAside(
  { disks, vm }: Pick<ConversionRequest, 'disks' | 'vm'>,
  { workspace, signal }: Pick<ConverterOptions, 'workspace' | 'signal'>,
  work: Work,
): Promise<AsideResult> {
  requireDisks({ disks, vm });
  const overlays = await makeOverlays(workspace, disks, signal);
  const done = await work(overlays);
  checkCanceled(signal);
  return { ...done, overlays };
}
