/**
 * What a commit of an overlay will change in its disk. The converter trims file systems at its end, and every trimmed cluster is one of zeros in
 * the overlay: where the disk is a hole already, that changes nothing and does not count.
 */
import type { ChangedDisk } from '../../model/conversion.ts';
import type { Extent } from '../../model/transfer.ts';
import { type Overlay, qemuImg } from './overlay.ts';

/** More separate places than this are given as fewer, larger ones. */
const MAX_EXTENTS = 65_536;
/** More holes than this are not remembered: zeros in the others count as changes. */
const MAX_HOLES = 262_144;
const CLUSTER = 65_536;

type Changes = Required<Pick<ChangedDisk, 'changed' | 'zeroed'>>;

/** The clusters that a commit changes, in order, and which of them become zeros. */
export async function changedExtents({ path, overlay }: Overlay, signal: AbortSignal): Promise<Changes> {
  const holes = await holesOf(path, signal);
  let extents: Extent[] = [];
  const zeroed: Extent[] = [];
  let nearness = 0;
  let passed = 0;
  const add = (extent: Extent): void => {
    append(extents, extent, nearness);
    if (extents.length <= MAX_EXTENTS) return;
    nearness = Math.max(CLUSTER, nearness * 2);
    const finer = extents;
    extents = [];
    for (const one of finer) append(extents, one, nearness);
  };
  const onLine = (line: string): void => {
    const found = readMapLine(line);
    // Depth 0 is the overlay itself.
    if (found === undefined || found.depth !== 0 || !found.present) return;
    if (!found.zero) {
      add({ offset: found.offset, length: found.length });
      return;
    }
    while (endOf(holes[passed]) <= found.offset) passed += 1;
    for (const rest of without(found, holes, passed)) {
      add(rest);
      if (zeroed.length < MAX_EXTENTS) append(zeroed, rest, 0);
    }
  };
  await qemuImg(['map', '--output=json', '-f', 'qcow2', overlay], overlay, signal, onLine);
  return { changed: extents, zeroed };
}

/** Whole clusters of a raw disk that are zeros without being stored. */
async function holesOf(path: string, signal: AbortSignal): Promise<readonly Extent[]> {
  const holes: Extent[] = [];
  const onLine = (line: string): void => {
    const found = readMapLine(line);
    if (found === undefined || !found.zero || holes.length === MAX_HOLES) return;
    const offset = Math.ceil(found.offset / CLUSTER) * CLUSTER;
    const length = Math.floor(endOf(found) / CLUSTER) * CLUSTER - offset;
    if (length > 0) holes.push({ offset, length });
  };
  await qemuImg(['map', '--output=json', '-f', 'raw', path], path, signal, onLine);
  return holes;
}

/** What of an extent lies in none of the holes; those before `first` end before it. */
function* without(extent: Extent, holes: readonly Extent[], first: number): Generator<Extent> {
  let at = extent.offset;
  for (let index = first; index < holes.length; index += 1) {
    const hole = holes[index];
    if (hole === undefined || hole.offset >= endOf(extent)) break;
    if (hole.offset > at) yield { offset: at, length: hole.offset - at };
    at = Math.max(at, endOf(hole));
  }
  if (at < endOf(extent)) yield { offset: at, length: endOf(extent) - at };
}

/** Infinity for none. */
function endOf(extent: Extent | undefined): number {
  return extent === undefined ? Number.POSITIVE_INFINITY : extent.offset + extent.length;
}

/** qemu-img (7.2 to 11) writes one object a line. */
function readMapLine(
  line: string,
): (Extent & { readonly depth: unknown; readonly present: boolean; readonly zero: boolean }) | undefined {
  const text = /\{.*\}/.exec(line)?.[0];
  if (text === undefined) return undefined;
  const { start, length, depth, zero, present = true } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (typeof start !== 'number' || typeof length !== 'number') throw new Error(`qemu-img map wrote ${text}`);
  return { offset: start, length, depth, present: present === true, zero: zero === true };
}

function append(extents: Extent[], next: Extent, nearness: number): void {
  const last = extents.at(-1);
  if (last === undefined || next.offset - endOf(last) > nearness) extents.push(next);
  else extents[extents.length - 1] = { offset: last.offset, length: endOf(next) - last.offset };
}
