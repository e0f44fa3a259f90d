/** A VHDX as it will be when its log has been replayed. The file itself is only read; what the log changes is kept in memory. */
import { type Bytes, MiB } from '../../../model/units.ts';
import type { StoredBytes } from '../layered/layer.ts';
import type { Trouble } from '../layered/trouble.ts';
import type { VhdxHeader } from './header.ts';
import { type LogChange, LogRing } from './log.ts';

/** Windows and qemu make logs of 1 MiB. */
const LARGEST_LOG: Bytes = 16 * MiB;
/** A log of that size that only ever wrote zeros to whole tables has fewer. */
const MOST_PIECES = 1 << 20;
/** No file is larger: 64 TiB and its tables. */
export const LARGEST_FILE: Bytes = 128 * 1024 * 1024 * MiB;

/**
 * The file itself when its log is empty.
 * @throws MigrationError `image-malformed`, `image-truncated`, `image-unsupported`, `source-read-failed`
 */
export async function replayLog(bytes: StoredBytes, { log, logGuid }: VhdxHeader, trouble: Trouble): Promise<StoredBytes> {
  if (logGuid === undefined) return bytes;
  if (log.length === 0) throw trouble.malformed('its log is not there');
  if (log.length > LARGEST_LOG) {
    const hint = 'Start and shut down the VM, or mount and dismount the disk on Windows: that replays the log.';
    throw trouble.unsupported(`its log has ${log.length} bytes and was not replayed`, hint);
  }
  const content = Buffer.alloc(log.length);
  await bytes.fill(log.offset, content);
  const ring = new LogRing(content, logGuid, trouble);
  const active = ring.activeSequence();
  const { flushedSize, lastSize } = active.at(-1) ?? active[0];
  if (bytes.size < flushedSize) throw trouble.truncated(`it has ${bytes.size} bytes where its log knows of ${flushedSize}`);
  const replayed = new ReplayedBytes(bytes, trouble);
  replayed.grow(lastSize);
  for (const entry of active) for (const change of ring.changes(entry)) replayed.apply(change);
  return replayed;
}

class ReplayedBytes implements StoredBytes {
  readonly #bytes: StoredBytes;
  readonly #trouble: Trouble;
  /** Changes by the MiB that they touch, in their order. */
  readonly #changes = new Map<number, LogChange[]>();
  #pieces = 0;
  #size: Bytes;

  constructor(bytes: StoredBytes, trouble: Trouble) {
    this.#bytes = bytes;
    this.#trouble = trouble;
    this.#size = bytes.size;
  }

  get size(): Bytes {
    return this.#size;
  }

  grow(size: Bytes): void {
    if (size > LARGEST_FILE) throw this.#trouble.malformed('its log writes beyond any disk');
    this.#size = Math.max(this.#size, size);
  }

  apply(change: LogChange): void {
    this.grow(change.at + change.length);
    for (let index = Math.floor(change.at / MiB); index * MiB < change.at + change.length; index += 1) {
      this.#pieces += 1;
      if (this.#pieces > MOST_PIECES) throw this.#trouble.malformed('its log changes more than a log can hold');
      const known = this.#changes.get(index);
      if (known === undefined) this.#changes.set(index, [change]);
      else known.push(change);
    }
  }

  async fill(at: Bytes, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    const stored = Math.max(0, Math.min(into.length, this.#bytes.size - at));
    // What lies behind the end that the log knows of is not there at all: the file says so.
    if (at + into.length > this.#size) return await this.#bytes.fill(at, into, signal);
    if (stored > 0) await this.#bytes.fill(at, into.subarray(0, stored), signal);
    into.fill(0, stored);
    for (let index = Math.floor(at / MiB); index * MiB < at + into.length; index += 1) {
      for (const change of this.#changes.get(index) ?? []) overlay(change, at, into);
    }
  }
}

function overlay(change: LogChange, at: Bytes, into: Uint8Array): void {
  const from = Math.max(at, change.at);
  const to = Math.min(at + into.length, change.at + change.length);
  if (from >= to) return;
  if (change.content === undefined) into.fill(0, from - at, to - at);
  else into.set(change.content.subarray(from - change.at, to - change.at), from - at);
}
