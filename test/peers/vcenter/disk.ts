/**
 * One virtual disk with real bytes, as a host keeps it: a chain of files of which only the last is written, a snapshot for each frozen file,
 * and changed block tracking. Pure state in memory; who asks for it over which protocol is the business of the other files here.
 * A change id is born with a snapshot and with nothing else (VDDK programming guide): that of the disk itself stays the same while it is
 * written, so it marks no point in time unless the VM is off and stays so.
 */
import { createHash } from 'node:crypto';
import { Pages } from './pages.ts';

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
  /** Managed object id of the datastore; as the simulator says when absent. */
  readonly datastore?: string;
  /** Bytes that one bit of the tracking stands for; 64 KiB when absent, as hosts use on small disks. */
  readonly granularity?: number;
}

/** A frozen file of the chain. */
interface Layer {
  /** Absent where the snapshot was removed but its file could not be merged. */
  snapshot?: string;
  readonly content: Pages;
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
  datastore: string | undefined;
  readonly #granularity: number;
  readonly #live: Pages;
  /** Below what is written, oldest first. */
  readonly #layers: Layer[] = [];
  /** Snapshots that a revert has left beside the chain. */
  readonly #branches: Layer[] = [];
  /** Descriptors, oldest first; the last is the one that is written. */
  readonly #files: string[];
  #tracking: Tracking | undefined;
  #filesMade = 0;
  #writes = 0;
  #resets = 0;

  constructor(options: DiskOptions) {
    this.key = options.key;
    this.datastore = options.datastore;
    this.#granularity = options.granularity ?? 64 * 1024;
    this.#live = new Pages(options.capacity);
    this.#files = [options.file];
  }

  /** Bytes. */
  get capacity(): number {
    return this.#live.length;
  }

  /** What the guest sees now. A copy. */
  content(): Buffer {
    return this.#live.read();
  }

  /** What the guest sees now, to be kept: it costs next to nothing. */
  keep(): Pages {
    return this.#live.copy();
  }

  /** SHA-256 in hexadecimal of what the guest sees now. */
  digest(): string {
    return this.#live.digest();
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
  get frozenBase(): Pages | undefined {
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
    this.#change(offset, bytes.length);
    this.#live.write(offset, bytes);
  }

  /** Zeros written by a guest that trims or wipes. */
  zero(offset: number, length: number): void {
    this.#change(offset, length);
    this.#live.zero(offset, length);
  }

  /** Bytes of the flat file that the guest would write to; to be read when it is off. */
  read(start: number, end: number): Buffer {
    return this.#live.read(start, end);
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

  /** A larger disk; the count begins anew. A disk below a snapshot cannot grow. @param capacity bytes */
  grow(capacity: number): void {
    if (capacity < this.capacity || this.#layers.length > 0)
      throw new RangeError('a disk cannot shrink, nor grow below a snapshot');
    this.#live.grow(capacity);
    this.#writes += 1;
    if (this.#tracking) this.track();
  }

  /** All its files are on another datastore now. */
  move(to: { readonly name: string; readonly id: string }): void {
    for (const [at, file] of this.#files.entries()) this.#files[at] = file.replace(/^\[[^\]]*\]/, `[${to.name}]`);
    this.datastore = to.id;
  }

  /** Freezes the chain for a snapshot; from now on writes go to a new file and count for the next change id. */
  freeze(snapshot: string): void {
    const tracking = this.#tracking;
    const layer = { snapshot, content: this.keep(), writes: this.#writes };
    this.#layers.push(tracking ? { ...layer, tracked: { uuid: tracking.uuid, sequence: tracking.sequence } } : layer);
    if (tracking) tracking.sequence += 1;
    this.#addFile();
  }

  /** Removes a snapshot. @param merge whether its file is merged too, as it should be */
  release(snapshot: string, merge = true): void {
    const aside = this.#branches.findIndex((layer) => layer.snapshot === snapshot);
    if (aside >= 0) this.#branches.splice(aside, 1);
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

  /** Goes back to a snapshot, which forgets what was tracked. Snapshots that were made after it stay, beside the chain. */
  revert(snapshot: string): void {
    const at = this.#layers.findIndex((layer) => layer.snapshot === snapshot);
    const layer = this.#layers[at] ?? this.#find(snapshot);
    if (!layer) return;
    if (at >= 0) {
      this.#branches.push(...this.#layers.splice(at + 1).filter((later) => later.snapshot !== undefined));
      this.#files.splice(at + 1);
      this.#addFile();
    }
    this.#live.become(layer.content);
    this.#writes += 1;
    if (this.#tracking) this.track();
  }

  /** What the disk held when the snapshot was taken. A copy. */
  frozen(snapshot: string): Buffer | undefined {
    return this.#find(snapshot)?.content.read();
  }

  /** Descriptor, capacity and change id that the snapshot's configuration shows; undefined where the snapshot has no part of this disk. */
  seenBy(
    snapshot: string,
  ): { readonly file: string; readonly capacity: number; readonly changeId: string | undefined } | undefined {
    const layer = this.#find(snapshot);
    if (!layer) return undefined;
    const changeId = layer.tracked && `${layer.tracked.uuid}/${layer.tracked.sequence}`;
    // A branch hangs on the file that it was made of, which is no longer told.
    return { file: this.#files[Math.max(0, this.#layers.indexOf(layer))] ?? '', capacity: layer.content.length, changeId };
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
    if (since === '*') return this.#join(layer.content.allocated(this.#granularity), layer.content.length);
    const [uuid, number] = since.split('/');
    const sequence = Number(number);
    if (!uuid || !/^(?:[0-9a-f]{2}[ -]?){16}$/.test(uuid) || !Number.isSafeInteger(sequence)) return 'malformed-change';
    // A count that began anew has forgotten what lies below older snapshots too.
    if (uuid !== until.uuid || uuid !== this.#tracking?.uuid || sequence < 1 || sequence > until.sequence)
      return 'unknown-change';
    const blocks = new Set<number>();
    for (let at = sequence + 1; at <= until.sequence; at += 1) for (const block of this.#written(at)) blocks.add(block);
    return this.#join(blocks, layer.content.length);
  }

  #find(snapshot: string): Layer | undefined {
    return [...this.#layers, ...this.#branches].find((layer) => layer.snapshot === snapshot);
  }

  #addFile(): void {
    this.#filesMade += 1;
    this.#files.push(this.baseFile.replace(/\.vmdk$/, `-${String(this.#filesMade).padStart(6, '0')}.vmdk`));
  }

  #mergeAt(at: number): void {
    this.#layers.splice(at, 1);
    this.#files.splice(at + 1, 1);
  }

  #written(sequence: number): ReadonlySet<number> {
    return this.#tracking?.written.get(sequence) ?? new Set();
  }

  /** The blocks written since the last snapshot. */
  #change(offset: number, length: number): void {
    if (offset < 0 || offset + length > this.capacity)
      throw new RangeError(`write of ${length} at ${offset} is outside the disk`);
    this.#writes += 1;
    const tracking = this.#tracking;
    if (!tracking || length === 0) return;
    const blocks = tracking.written.get(tracking.sequence) ?? new Set();
    const last = Math.floor((offset + length - 1) / this.#granularity);
    for (let block = Math.floor(offset / this.#granularity); block <= last; block += 1) blocks.add(block);
    tracking.written.set(tracking.sequence, blocks);
  }

  #join(blocks: ReadonlySet<number>, capacity: number): readonly Area[] {
    const areas: { start: number; length: number }[] = [];
    for (const block of [...blocks].sort((a, b) => a - b)) {
      const start = block * this.#granularity;
      const length = Math.min(this.#granularity, capacity - start);
      const last = areas.at(-1);
      if (last && last.start + last.length === start) last.length += length;
      else areas.push({ start, length });
    }
    return areas;
  }
}
