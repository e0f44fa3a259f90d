/**
 * One virtual disk with real bytes: a chain of VHDX files of which only the last is written, a checkpoint for each file that it froze, and
 * resilient change tracking. What the guest sees is kept in memory beside it, as the truth that the files are measured by.
 * A checkpoint freezes its file: not a byte of it changes until the checkpoint goes, when what was written since is merged back.
 */
import { stat } from 'node:fs/promises';
import { Pages } from '../vcenter/pages.ts';
import type { WrittenDisk } from '../vcenter/workload.ts';
import type { ImageFacts } from './facts.ts';
import { guid } from './facts.ts';
import { type Range, Rct } from './rct.ts';
import { VhdxFile, type VhdxShape } from './vhdx-file.ts';

export interface DiskPlan extends VhdxShape {
  readonly key: number;
  /** On the host, `C:\VMs\web\web.vhdx`. */
  readonly path: string;
  /** Bytes that one bit of the tracking stands for. */
  readonly granularity: number;
  /** Where a path of the host really is. */
  readonly real: (path: string) => string;
}

interface Layer {
  path: string;
  file: VhdxFile;
  /** That froze it; absent for the one that is written, for a parent that a person made, and where merging is yet to come. */
  checkpoint?: string;
  /** As it was frozen. */
  content?: Pages;
  sequence?: number;
  /** RCT id of the moment at which it was frozen. */
  rct?: string;
  /** To be merged with the next one when somebody gets round to it. */
  pending?: boolean;
}

export class SimulatedDisk implements WrittenDisk {
  readonly key: number;
  readonly #plan: DiskPlan;
  readonly #live: Pages;
  /** Oldest first; the last is written. */
  readonly #layers: Layer[];
  readonly #rct: Rct;
  #made = 0;

  private constructor(plan: DiskPlan, file: VhdxFile) {
    this.key = plan.key;
    this.#plan = plan;
    this.#live = new Pages(plan.capacity);
    this.#layers = [{ path: plan.path, file }];
    this.#rct = new Rct(plan.path, plan.granularity);
  }

  static async create(plan: DiskPlan): Promise<SimulatedDisk> {
    return new SimulatedDisk(plan, await VhdxFile.create(plan.real(plan.path), plan));
  }

  /** Bytes. */
  get capacity(): number {
    return this.#live.length;
  }

  /** Of the file that is written, on the host. */
  get path(): string {
    return this.#top.path;
  }

  /** RCT id of the moment at which a checkpoint froze it. */
  rct(checkpoint: string): string {
    return this.#frozen(checkpoint)?.rct ?? this.#rct.id(0);
  }

  /** What the guest sees. A copy. */
  content(): Buffer {
    return this.#live.read();
  }

  /** What the guest sees now, to be kept: it costs next to nothing. */
  keep(): Pages {
    return this.#live.copy();
  }

  /** What a checkpoint froze. */
  frozen(checkpoint: string): Buffer | undefined {
    return this.#frozen(checkpoint)?.content?.read();
  }

  write(offset: number, bytes: Uint8Array): void {
    const length = bytes.length;
    this.#change(offset, length);
    this.#live.write(offset, bytes);
    this.#store(offset, length);
  }

  zero(offset: number, length: number): void {
    this.#change(offset, length);
    this.#live.zero(offset, length);
    const { sector } = this.#plan;
    if (offset % sector === 0 && length % sector === 0) this.#top.file.zero(offset, length);
    else this.#store(offset, length);
  }

  /** Change ids given out before are no longer known. */
  resetTracking(): void {
    this.#rct.reset();
  }

  /** The file that a freeze will write to from then on. */
  async prepare(name?: string): Promise<Layer> {
    this.#made += 1;
    const base = this.#layers[0]?.path ?? '';
    const path = name ?? base.replace(/(?:\.[^.\\]*)?$/, `_${guid(`${base} ${this.#made}`).toUpperCase()}.avhdx`);
    const { blockSize, sector, real } = this.#plan;
    const parent = { file: this.#top.file, relative: `.\\${this.path.split('\\').at(-1)}`, absolute: this.path };
    const shape = { capacity: this.capacity, blockSize, sector, parent };
    return { path, file: await VhdxFile.create(real(path), shape) };
  }

  /** From now on writes go to the file that was prepared. @param checkpoint absent for a child that a person makes */
  freeze(next: Layer, checkpoint?: string): Promise<void> {
    const top = this.#top;
    top.content = this.keep();
    top.sequence = this.#rct.close();
    // Of this moment: what is reset later does not know it any more.
    top.rct = this.#rct.id(top.sequence);
    if (checkpoint !== undefined) top.checkpoint = checkpoint;
    this.#layers.push(next);
    return top.file.close();
  }

  /** A checkpoint goes. @param merge whether what was written since is merged now, or when `merge` is called */
  async release(checkpoint: string, merge = true): Promise<void> {
    const layer = this.#frozen(checkpoint);
    if (!layer) return;
    delete layer.checkpoint;
    layer.pending = true;
    if (merge) await this.merge();
  }

  /** Whether something is left to be merged. */
  get unmerged(): boolean {
    return this.#layers.some(({ pending }) => pending === true);
  }

  /** Merges what checkpoints that are gone have left. */
  async merge(): Promise<void> {
    for (let at = this.#layers.length - 2; at >= 0; at -= 1) if (this.#layers[at]?.pending) await this.#mergeInto(at);
  }

  /** Goes back to what a checkpoint holds; what was written since is lost, with the checkpoints after it. */
  async revert(checkpoint: string): Promise<void> {
    const at = this.#layers.findIndex((layer) => layer.checkpoint === checkpoint);
    const layer = this.#layers[at];
    if (!layer?.content) return;
    for (const { file } of this.#layers.splice(at + 1)) await file.remove();
    this.#live.become(layer.content);
    this.#layers.push(await this.prepare());
    this.resetTracking();
  }

  /** A larger disk. False where a checkpoint holds it. @param capacity bytes */
  grow(capacity: number): boolean {
    if (this.#layers.length > 1) return false;
    this.#top.file.grow(capacity);
    this.#live.grow(capacity);
    return true;
  }

  /** The power is cut: see VhdxFile.cut. */
  async cut(): Promise<void> {
    await this.#top.file.cut();
  }

  /** All its files to another folder of the host. */
  async move(folder: string): Promise<void> {
    for (const layer of this.#layers) {
      layer.path = `${folder}\\${layer.path.split('\\').at(-1)}`;
      await layer.file.move(this.#plan.real(layer.path));
    }
  }

  /** The file that is written, or that a checkpoint froze, then its parents. */
  async chain(checkpoint?: string): Promise<readonly ImageFacts[]> {
    const from = checkpoint === undefined ? this.#layers.length - 1 : this.#layers.findIndex((l) => l.checkpoint === checkpoint);
    return await Promise.all(
      this.#layers
        .slice(0, from + 1)
        .toReversed()
        .map((layer) => this.#image(layer)),
    );
  }

  /**
   * What was written between a point and the file at `path` (frozen, or the one that is written), ascending and in whole units of the tracking.
   * Undefined when the id or the file is not known.
   */
  changes(path: string, since: string): readonly Range[] | undefined {
    const layer = this.#layers.find((candidate) => candidate.path === path);
    if (!layer) return undefined;
    return this.#rct.since(since, layer.sequence ?? this.#rct.sequence, layer.content?.length ?? this.capacity);
  }

  /** Whether the file at this path is one of its chain. */
  holds(path: string): boolean {
    return this.#layers.some((layer) => layer.path === path);
  }

  /** Whether the guest writes to the file at this path. */
  isLive(path: string): boolean {
    return this.#top.path === path;
  }

  async remove(): Promise<void> {
    for (const { file } of this.#layers) await file.remove();
  }

  async close(): Promise<void> {
    await this.#top.file.close();
  }

  get #top(): Layer {
    const top = this.#layers.at(-1);
    if (!top) throw new Error('a disk has a file');
    return top;
  }

  #frozen(checkpoint: string): Layer | undefined {
    return this.#layers.find((layer) => layer.checkpoint === checkpoint);
  }

  /** Whole sectors of what the guest sees, to the file that is written. */
  #store(offset: number, length: number): void {
    const { sector } = this.#plan;
    const start = Math.floor(offset / sector) * sector;
    const end = Math.min(this.capacity, Math.ceil((offset + length) / sector) * sector);
    this.#top.file.write(start, this.#live.read(start, end));
  }

  async #mergeInto(at: number): Promise<void> {
    const lower = this.#layers[at];
    const upper = this.#layers[at + 1];
    if (!lower || !upper) return;
    await lower.file.open();
    const content = upper.content ?? this.#live;
    for (const { offset, length, zero } of upper.file.present()) {
      if (zero) lower.file.zero(offset, length);
      else lower.file.write(offset, content.read(offset, offset + length));
    }
    const { path, file } = lower;
    const merged: Layer = { ...upper, path, file };
    this.#layers.splice(at, 2, merged);
    await upper.file.remove();
    if (merged === this.#top) return;
    await file.close();
    await this.#adopt(at);
  }

  /** The file above `at` gets to know its new parent: it is written anew. */
  async #adopt(at: number): Promise<void> {
    const parent = this.#layers[at];
    const layer = this.#layers[at + 1];
    if (!parent || !layer) return;
    const old = layer.file;
    const { blockSize, sector, real } = this.#plan;
    const link = { file: parent.file, relative: `.\\${parent.path.split('\\').at(-1)}`, absolute: parent.path };
    const content = layer.content ?? this.#live;
    const fresh = await VhdxFile.create(real(`${layer.path}.new`), { capacity: content.length, blockSize, sector, parent: link });
    for (const { offset, length, zero } of old.present()) {
      if (zero) fresh.zero(offset, length);
      else fresh.write(offset, content.read(offset, offset + length));
    }
    layer.file = fresh;
    await old.remove();
    await fresh.move(real(layer.path));
    if (layer.content) await fresh.close();
    await this.#adopt(at + 1);
  }

  async #image({ path, file, content }: Layer): Promise<ImageFacts> {
    const { size, mtime } = await stat(file.path);
    const { blockSize, sector, fixed, parent } = file.shape;
    return {
      path,
      format: 'VHDX',
      type: parent ? 'Differencing' : fixed ? 'Fixed' : 'Dynamic',
      size: String(content?.length ?? this.capacity),
      fileSize: String(size),
      blockSize,
      logicalSectorSize: sector,
      physicalSectorSize: 4096,
      identifier: guid(`${this.#plan.path} identifier`).toUpperCase(),
      attached: file.isOpen,
      pmem: false,
      writtenAt: mtime.toISOString(),
    };
  }

  #change(offset: number, length: number): void {
    if (offset < 0 || offset + length > this.capacity)
      throw new RangeError(`write of ${length} at ${offset} is outside the disk`);
    this.#rct.note(offset, length);
  }
}
