/** What the tests of this transport share: sources, access and a clock in a hurry. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeTracking } from '../../../../src/contracts/change-tracking.ts';
import type { Clock } from '../../../../src/contracts/clock.ts';
import type { Trust } from '../../../../src/contracts/credentials.ts';
import type { HttpHeaders, SourceAccess } from '../../../../src/contracts/source-access.ts';
import type { Extent, RangeSource, TrackedDisk } from '../../../../src/model/transfer.ts';

export const BECAUSE = 'the datastore hands out ranges of the frozen file';

const HURRY = 20;

/** Runs twenty times as fast as the world, so that nobody waits for patience to end. */
export const hurriedClock: Clock = {
  now: () => Date.now() * HURRY,
  sleep: async (milliseconds, signal) => {
    await sleep(milliseconds / HURRY, undefined, { signal }).catch(() => signal.throwIfAborted());
  },
};

export function live(): AbortSignal {
  return new AbortController().signal;
}

export function rangeSource(url: string, capacity: number, more: Partial<RangeSource> = {}): RangeSource {
  return { kind: 'range', url, capacity, because: BECAUSE, ...more };
}

export const TRACKED: TrackedDisk = { vm: { id: 'vm-1', name: 'web' }, disk: 'scsi0:0', snapshot: 'snapshot-1' };

export interface AccessOptions {
  readonly trust: Trust;
  readonly headers?: SourceAccess['headers'];
  readonly allocated?: readonly Extent[];
}

export function accessTo({ trust, headers = async () => ({}), allocated }: AccessOptions): SourceAccess {
  return { headers, trust: () => trust, ...(allocated !== undefined && { changes: trackingOf(allocated) }) };
}

export function trackingOf(extents: Iterable<Extent> | AsyncIterable<Extent>): ChangeTracking {
  return {
    enable: async () => ({ tracked: [], untracked: [] }),
    async *changed() {
      yield* extents;
    },
  };
}

export function cookie(value: string): HttpHeaders {
  return { cookie: `session=${value}` };
}
