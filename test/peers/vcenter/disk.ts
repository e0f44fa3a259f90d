/**
 * One virtual disk with real bytes, as a host keeps it: a chain of files of which only the last is written, a snapshot for each frozen file,
 * and changed block tracking. Pure state in memory; who asks for it over which protocol is the business of the other files here.
 */
import { createHash } from 'node:crypto';

export interface Area {
  /** Bytes from the start of the disk. */
  readonly start: number;
  /** Bytes. */
  readonly length: number;
}

export interface DiskOptions {
  /** Device key, unique within the VM. */
  readonly key: number;
  /** Bytes, a multiple of 512. */
  readonly capacity: number;
  /** Path of the base disk's descriptor, `[datastore] folder/name.vmdk`. */
  readonly file: string;
  /** Bytes that one bit of the tracking stands for; 64 KiB when absent, as hosts use on small disks. */
  readonly granularity?: number;
}

/** A frozen file of the chain. */
interface Layer {
  /** Absent where the snapshot was removed but its file could not be merged. */
  snapshot?: string;
  readonly content: Buffer;
  /** Writes before the freeze. */
  readonly writes: number;
  /** Tracking at the moment of the freeze; absent where tracking was off. */
  readonly tracked?: { readonly uuid: string; readonly sequence: number };
}

interface Tracking {
  readonly uuid: string;
  sequence: number;
  /** Blocks written in each sequence, which ends with the snapshot that has its number. */
  readonly written: Map<number, Set<number>>;
}

/** Why changed areas cannot be told; what a server says about each is in `changed-areas.ts`. */
export type AreasTrouble = 'not-tracked' | 'unknown-change' | 'malformed-change';

export class SimulatedDisk {
  readonly key: number;
  readonly capacity: number;
  readonly #granularity: number;
  readonly #live: Buffer;
  readonly #layers: Layer[] = [];
  /** Descriptors, oldest first; the last is the one that is written. */
  readonly #files: string[];
  #tracking: Tracking | undefined;
  #filesMade = 0;
  #writes = 0;
  #resets = 0;

  constructor(options: DiskOptions) {
    this.key = options.key;
    this.capacity = options.capacity;
    this.#granularity = options.granularity ?? 64 * 1024;
    this.#live = Buffer.alloc(options.capacity);
    this.#files = [options.file];
  }

  /** What the guest sees now. A copy. */
  content(): Buffer {
    return Buffer.from(this.#live);
  }

  /** Descriptor of the file that is written now. */
  get file(): string {
    return this.#files.at(-1) ?? '';
  }

  /** Descriptor of the oldest file of the chain. */
  get baseFile(): string {
    return this.#files[0] ?? '';
  }

  /** Bytes of the base file while nothing writes to it; undefined while the guest may write to it. */
  get frozenBase(): Buffer | undefined {
    return this.#layers[0]?.content;
  }

  /** Tells one content of the base file from another. */
  get mark(): string {
    return `"${this.#layers[0]?.writes ?? this.#writes}"`;
  }

  /** Descriptors of the whole chain, oldest first. */
  get chain(): readonly string[] {
    return this.#files;
  }

  /** A removed snapshot has left a file behind. */
  get consolidationNeeded(): boolean {
    return this.#layers.some((layer) => layer.snapshot === undefined);
  }

  /** Change id of the disk that is written; undefined where tracking is not active. */
  get changeId(): string | undefined {
    return this.#tracking && `${this.#tracking.uuid}/${this.#tracking.sequence}`;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (offset < 0 || offset + bytes.length > this.capacity)
      throw new RangeError(`write of ${bytes.length} at ${offset} is outside the disk`);
    this.#live.set(bytes, offset);
    this.#writes += 1;
    this.#mark(offset, bytes.length);
  }

  /** Begins tracking with a new identity, or begins anew: change ids given out before are no longer known. */
  track(): void {
    this.#resets += 1;
    const digest = createHash('sha256').update(`${this.baseFile} ${this.key} ${this.#resets}`).digest('hex');
    const pairs = digest.match(/../g) ?? [];
    const uuid = `52 ${pairs.slice(1, 8).join(' ')}-${pairs.slice(8, 16).join(' ')}`;
    this.#tracking = { uuid, sequence: 1, written: new Map() };
  }

  stopTracking(): void {
    this.#tracking = undefined;
  }

  /** Freezes the chain for a snapshot; from now on writes go to a new file and count for the next change id. */
  freeze(snapshot: string): void {
    const tracking = this.#tracking;
    const layer = { snapshot, content: this.content(), writes: this.#writes };
    this.#layers.push(tracking ? { ...layer, tracked: { uuid: tracking.uuid, sequence: tracking.sequence } } : layer);
    if (tracking) tracking.sequence += 1;
    this.#filesMade += 1;
    this.#files.push(this.baseFile.replace(/\.vmdk$/, `-${String(this.#filesMade).padStart(6, '0')}.vmdk`));
  }

  /** Removes a snapshot. @param merge whether its file is merged too, as it should be */
  release(snapshot: string, merge = true): void {
    const at = this.#layers.findIndex((layer) => layer.snapshot === snapshot);
    const layer = this.#layers[at];
    if (!layer) return;
    delete layer.snapshot;
    if (merge) this.#mergeAt(at);
  }

  /** Merges what removed snapshots left behind. */
  consolidate(): void {
    for (let at = this.#layers.length - 1; at >= 0; at -= 1) if (this.#layers[at]?.snapshot === undefined) this.#mergeAt(at);
  }

  /** Goes back to a snapshot, which forgets what was tracked. */
  revert(snapshot: string): void {
    const layer = this.#find(snapshot);
    if (!layer) return;
    this.#live.set(layer.content);
    if (this.#tracking) this.track();
  }

  /** What the disk held when the snapshot was taken. */
  frozen(snapshot: string): Buffer | undefined {
    return this.#find(snapshot)?.content;
  }

  /** Descriptor and change id that the snapshot's configuration shows; undefined where the snapshot has no part of this disk. */
  seenBy(snapshot: string): { readonly file: string; readonly changeId: string | undefined } | undefined {
    const at = this.#layers.findIndex((layer) => layer.snapshot === snapshot);
    const layer = this.#layers[at];
    if (!layer) return undefined;
    return { file: this.#files[at] ?? '', changeId: layer.tracked && `${layer.tracked.uuid}/${layer.tracked.sequence}` };
  }

  /**
   * Areas that may differ between a point in the past and a snapshot, or now where none is given, ascending, none touching another, cut to no boundary. May name areas
   * that are the same, never leaves one out.
   * @param since a change id, or `*` for all that is allocated
   */
  areas(snapshot: string | undefined, since: string): readonly Area[] | AreasTrouble {
    const layer = snapshot === undefined ? { content: this.#live, tracked: this.#tracking } : this.#find(snapshot);
    const until = layer?.tracked;
    if (!layer || !until) return 'not-tracked';
    if (since === '*') return this.#join(this.#allocated(layer.content));
    const [uuid, number] = since.split('/');
    const sequence = Number(number);
    if (!uuid || !/^(?:[0-9a-f]{2}[ -]?){16}$/.test(uuid) || !Number.isSafeInteger(sequence)) return 'malformed-change';
    if (uuid !== until.uuid || sequence < 1 || sequence > until.sequence) return 'unknown-change';
    const blocks = new Set<number>();
    for (let at = sequence + 1; at <= until.sequence; at += 1) for (const block of this.#written(at)) blocks.add(block);
    return this.#join(blocks);
  }

  #find(snapshot: string): Layer | undefined {
    return this.#layers.find((layer) => layer.snapshot === snapshot);
  }

  #mergeAt(at: number): void {
    this.#layers.splice(at, 1);
    this.#files.splice(at + 1, 1);
  }

  #written(sequence: number): ReadonlySet<number> {
    return this.#tracking?.written.get(sequence) ?? new Set();
  }

  /** The blocks written since the last snapshot. */
  #mark(offset: number, length: number): void {
    const tracking = this.#tracking;
    if (!tracking || length === 0) return;
    const blocks = tracking.written.get(tracking.sequence) ?? new Set();
    const last = Math.floor((offset + length - 1) / this.#granularity);
    for (let block = Math.floor(offset / this.#granularity); block <= last; block += 1) blocks.add(block);
    tracking.written.set(tracking.sequence, blocks);
  }

  #allocated(content: Buffer): Set<number> {
    const zeros = Buffer.alloc(this.#granularity);
    const blocks = new Set<number>();
    for (let start = 0; start < content.length; start += this.#granularity) {
      const block = content.subarray(start, start + this.#granularity);
      if (!block.equals(zeros.subarray(0, block.length))) blocks.add(start / this.#granularity);
    }
    return blocks;
  }

  #join(blocks: ReadonlySet<number>): readonly Area[] {
    const areas: { start: number; length: number }[] = [];
    for (const block of [...blocks].sort((a, b) => a - b)) {
      const start = block * this.#granularity;
      const length = Math.min(this.#granularity, this.capacity - start);
      const last = areas.at(-1);
      if (last && last.start + last.length === start) last.length += length;
      else areas.push({ start, length });
    }
    return areas;
  }
}
