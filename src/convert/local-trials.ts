/** Conversions of guests on this machine that are only tried: for tests of targets while their sources run on. */
import { rm } from 'node:fs/promises';
import type { GuestTrial, TryGuest } from '../contracts/guest-trials.ts';
import { type Accelerator, isLookedInto } from '../model/conversion.ts';
import { defined } from '../model/defined.ts';
import { lookOnly } from './convert-guest.ts';
import type { TrialConverter } from './guest/converter.ts';
import { makeOverlays, type Overlay } from './guest/overlay.ts';
import { readKeys } from './keys.ts';
import { requireParts } from './local-conversions.ts';

export interface LocalTrialsOptions {
  readonly converter: TrialConverter;
  readonly accelerator: (signal: AbortSignal) => Promise<Accelerator>;
}

export function guestTrials({ converter, accelerator }: LocalTrialsOptions): TryGuest {
  return async (request, { policy, keys }, { workspace, signal, onProgress }) => {
    if (!isLookedInto(policy)) throw new Error('nothing is to be done to the guest');
    await requireParts([defined({ policy, keys, virtioWin: request.virtioWin })]);
    await rm(workspace, { recursive: true, force: true });
    const options = {
      ...{ workspace, signal, accelerator: await accelerator(signal) },
      onProgress: ({ text }: { readonly text: string }): void => onProgress(text),
      ...(keys !== undefined && { keys: await readKeys(keys) }),
    };
    if (policy === 'skip') {
      const { copy: _, changes: _changes, disks: _disks, ...found } = await lookOnly(request, { converter, ...options });
      return { ...found, overlays: byKey(await makeOverlays(workspace, request.disks, signal)) };
    }
    const { overlays, changes: _, ...result } = await converter.convertAside(request, options);
    return { ...result, policy, overlays: byKey(overlays) };
  };
}

function byKey(overlays: readonly Overlay[]): GuestTrial['overlays'] {
  return Object.fromEntries(overlays.map(({ key, overlay }) => [key, overlay]));
}
