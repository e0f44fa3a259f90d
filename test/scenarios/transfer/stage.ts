/** What a story is played with, and what the engine is told in each of its attempts. */
import type { TransferJob } from '../../../src/model/transfer.ts';
import type { VddkFault } from '../../peers/vddk.ts';
import type { Scratch } from '../../transfer/fixture.ts';
import type { Attempt } from './attempt.ts';
import type { GuestDisk } from './guest-disk.ts';
import type { Origin } from './origin.ts';
import type { Place } from './place.ts';
import type { Order, Story } from './story.ts';

const PATIENT_MS = 20_000;
/** Where a stall is ordered. */
const IMPATIENT_MS = 400;

export interface Stage {
  readonly disk: GuestDisk;
  readonly place: Place;
  readonly origin: Origin;
  readonly scratch: Scratch;
}

export async function jobOf(
  { verify, recheck, deltas, seed, proveAll }: Story,
  { origin, place }: Stage,
  pass: number,
): Promise<TransferJob> {
  return {
    id: `story ${seed}/scsi0:0`,
    vm: 'web',
    disk: 'scsi0:0',
    source: await origin.source(pass),
    target: place.target,
    verify,
    ...(recheck && { recheckSource: true }),
    ...(pass < deltas ? { staysOpen: true } : proveAll && { proveAll: true }),
    ...(pass > 0 && { delta: { since: `checkpoint-${pass - 1}` } }),
  };
}

/** A byte that the target keeps wrongly: one that the pass has written, where it reads back no more than that. */
export function wrongByteAt({ place }: Pick<Order, 'place'>, { delta, proveAll }: TransferJob, disk: GuestDisk): number {
  const all = { offset: 0, length: disk.content.length };
  const extents = delta === undefined || proveAll === true ? [all] : disk.changed();
  let at = Math.floor(place * extents.reduce((sum, { length }) => sum + length, 0));
  for (const { offset, length } of extents) {
    if (at < length) return offset + at;
    at -= length;
  }
  return 0;
}

export function attemptAt(job: TransferJob, { place, disk, origin }: Stage, orders: readonly Order[]): Attempt {
  const flip = orders.find(({ fault }) => fault === 'wrong byte kept');
  const offset = flip === undefined ? 0 : wrongByteAt(flip, job, disk);
  const value = (disk.content[offset] ?? 0) ^ 0x10;
  return {
    job,
    ...origin.told,
    allocated: disk.allocated(),
    changed: disk.changed(),
    patience: orders.some(({ fault }) => fault === 'stall') ? IMPATIENT_MS : PATIENT_MS,
    ...(flip !== undefined && { flip: { file: place.unfinished, offset, value } }),
  };
}

/** Does what has to be done before an attempt, so that it meets what is ordered. */
export async function prepare({ place, origin, disk }: Stage, orders: readonly Order[]): Promise<void> {
  const held = disk.allocated().reduce((sum, { length }) => sum + length, 0);
  for (const { fault, place: part } of orders) {
    if (fault === 'target full') await place.fill(Math.floor(part * held));
    const library = /^library (port|locked|lost)$/.exec(fault)?.[1];
    if (library !== undefined) await origin.spoil(library as VddkFault);
  }
}
