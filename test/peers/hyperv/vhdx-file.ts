/**
 * One VHDX file that is written while it lies there, as a host writes it ([MS-VHDX]): blocks are allocated behind the end of the file, sectors of
 * a differencing file are marked in bitmaps, whole blocks of zeros are given back, and a power cut leaves the last change of the table in the
 * log only. The empty file comes from the writer that qemu-img and libvhdi have judged (test/transfer/formats/vhdx).
 */
import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { soil } from '../../transfer/formats/vhdx/log-writer.ts';
import { chunkRatio, headerBlock, type VhdxPlaces, type VhdxPlan, writeVhdx } from '../../transfer/formats/vhdx/vhdx-writer.ts';
import { guid } from './facts.ts';

const MiB = 1024 * 1024;
const PAGE = 4096;
const NOT_PRESENT = 0;
const ZERO = 2;
const FULL = 6;
const PARTIAL = 7;

export interface VhdxShape {
  /** Bytes of the virtual disk. */
  readonly capacity: number;
  readonly blockSize: number;
  readonly sector: 512 | 4096;
  /** Every block is allocated from the start. */
  readonly fixed?: boolean;
  readonly parent?: { readonly file: VhdxFile; readonly relative: string; readonly absolute: string };
}

/** A part of the disk that this file tells of, itself or as zeros. */
export interface Present {
  readonly offset: number;
  readonly length: number;
  readonly zero: boolean;
}

interface Block {
  readonly at: number;
  /** By sector, where not all are there. */
  readonly present?: Uint8Array;
}

export class VhdxFile {
  readonly #origin: string;
  #path: string;
  readonly shape: VhdxShape;
  readonly #places: VhdxPlaces;
  #capacity: number;
  #file: FileHandle | undefined;
  /** Absent: not present. `zero`: zeros, whatever the parent holds. */
  readonly #blocks = new Map<number, Block | 'zero'>();
  readonly #bitmaps = new Map<number, number>();
  #times = 0;
  #headers = 10;
  /** Index in the table of the block that was allocated last. */
  #youngest: number | undefined;
  #soiled: { readonly at: number; readonly page: Buffer } | undefined;

  private constructor(path: string, shape: VhdxShape, places: VhdxPlaces) {
    this.#origin = path;
    this.#path = path;
    this.shape = shape;
    this.#places = places;
    this.#capacity = shape.capacity;
  }

  /** An empty file, open for writing. */
  static async create(path: string, shape: VhdxShape): Promise<VhdxFile> {
    const { capacity, blockSize, sector, parent } = shape;
    const plan: VhdxPlan = { capacity, blockSize, sector, blocks: new Map(), dataWriteGuid: guid(`${path} 0`) };
    const below = parent && { linkage: parent.file.dataWriteGuid, path: parent.relative, absolute: parent.absolute };
    const places = await writeVhdx(path, below ? { ...plan, parent: below } : plan);
    const file = new VhdxFile(path, shape, places);
    file.#file = await open(path, 'r+');
    // libvhdi 20210425, which judges chains, reads a bitmap that is not there from the file's first bytes.
    if (below) for (let number = 0; number * blockSize < capacity; number += chunkRatio(shape)) file.#bitmap(number);
    if (shape.fixed) for (let number = 0; number < Math.ceil(capacity / blockSize); number += 1) file.#allocate(number);
    return file;
  }

  get path(): string {
    return this.#path;
  }

  /** What children call it by; another one each time that it is opened for writing. */
  get dataWriteGuid(): string {
    return guid(`${this.#origin} ${this.#times}`);
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** Whole sectors. @throws Error when it is frozen */
  write(offset: number, bytes: Uint8Array): void {
    for (const { number, from, length, at } of this.#spans(offset, bytes.length)) {
      const block = this.#writable(number, length);
      writeSync(this.#fd, bytes, at, length, block.at + from);
      if (block.present) this.#mark(number, block.present, from, length);
    }
  }

  /** Zeros: blocks that are covered wholly are given back. */
  zero(offset: number, length: number): void {
    for (const span of this.#spans(offset, length)) {
      const whole = span.length === this.#lengthOf(span.number);
      const there = this.#blocks.get(span.number);
      if (there === 'zero' || (there === undefined && !this.shape.parent)) continue;
      if (whole && !this.shape.fixed) {
        this.#blocks.set(span.number, 'zero');
        this.#entry(span.number, ZERO, 0);
      } else this.write(offset + span.at, Buffer.alloc(span.length));
    }
  }

  /** What it tells of, ascending. */
  *present(): Generator<Present> {
    const { blockSize, sector } = this.shape;
    for (const [number, block] of [...this.#blocks].sort(([a], [b]) => a - b)) {
      const start = number * blockSize;
      const length = this.#lengthOf(number);
      if (block === 'zero') yield { offset: start, length, zero: true };
      else if (!block.present) yield { offset: start, length, zero: false };
      else {
        for (let first = 0; first * sector < length; first += 1) {
          if (!block.present[first]) continue;
          let end = first;
          while (end * sector < length && block.present[end]) end += 1;
          yield { offset: start + first * sector, length: Math.min(length, end * sector) - first * sector, zero: false };
          first = end;
        }
      }
    }
  }

  /** Nothing writes to it any more. */
  async close(): Promise<void> {
    this.#heal();
    await this.#file?.close();
    this.#file = undefined;
  }

  /** To be written again, which tells it from what it was. */
  async open(): Promise<void> {
    if (this.#file) return;
    this.#file = await open(this.#path, 'r+');
    this.#times += 1;
    this.#clean();
  }

  /** A larger disk. @param capacity bytes */
  grow(capacity: number): void {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(capacity));
    // The first two items of the metadata: 8 bytes of parameters, then the size.
    writeSync(this.#fd, size, 0, 8, this.#places.metadata + 64 * 1024 + 8);
    const before = Math.ceil(this.#capacity / this.shape.blockSize);
    this.#capacity = capacity;
    if (this.shape.fixed) for (let at = before; at * this.shape.blockSize < capacity; at += 1) this.#allocate(at);
  }

  /** The power is cut: the last change of the table is in the log only. */
  async cut(): Promise<void> {
    if (this.#youngest === undefined || this.#soiled) return;
    const at = this.#places.bat + Math.floor((this.#youngest * 8) / PAGE) * PAGE;
    const page = Buffer.alloc(PAGE);
    readSync(this.#fd, page, 0, PAGE, at);
    this.#soiled = { at, page };
    writeSync(this.#fd, Buffer.alloc(8), 0, 8, this.#places.bat + this.#youngest * 8);
    // Its header goes to the first place: that of the even numbers.
    this.#headers += this.#headers % 2 === 0 ? 2 : 1;
    const { log } = this.#places;
    const entry = { at: 0, sequence: this.#headers, tail: 0, changes: [{ at, content: page }] };
    await soil(this.#path, { log, dataWriteGuid: this.dataWriteGuid, entries: [entry], sequence: this.#headers });
  }

  async move(path: string): Promise<void> {
    await rename(this.#path, path);
    this.#path = path;
  }

  async remove(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
    await rm(this.#path, { force: true });
  }

  get #fd(): number {
    if (!this.#file) throw new Error(`${this.#path} is frozen`);
    return this.#file.fd;
  }

  #writable(number: number, length: number): Block {
    this.#heal();
    const there = this.#blocks.get(number);
    if (there !== undefined && there !== 'zero') return there;
    // Zeros hide the parent, so all of such a block is there from now on.
    return this.#allocate(number, this.shape.parent && there !== 'zero' && length < this.#lengthOf(number) ? PARTIAL : FULL);
  }

  #allocate(number: number, state: typeof FULL | typeof PARTIAL = FULL): Block {
    const { blockSize, sector } = this.shape;
    if (state === PARTIAL) this.#bitmap(number);
    const at = this.#extend(blockSize);
    const block = state === FULL ? { at } : { at, present: new Uint8Array(blockSize / sector) };
    this.#blocks.set(number, block);
    this.#entry(number, state, at);
    return block;
  }

  /** Marks sectors as present. */
  #mark(number: number, present: Uint8Array, from: number, length: number): void {
    const { sector, blockSize } = this.shape;
    const first = Math.floor(from / sector);
    const end = Math.ceil((from + length) / sector);
    present.fill(1, first, end);
    const base = (number % chunkRatio(this.shape)) * (blockSize / sector);
    const bits = Buffer.alloc(Math.ceil(end / 8) - Math.floor(first / 8));
    for (let byte = 0; byte < bits.length; byte += 1) {
      const start = (Math.floor(first / 8) + byte) * 8;
      for (let bit = 0; bit < 8; bit += 1) if (present[start + bit]) bits[byte] = (bits[byte] ?? 0) | (1 << bit);
    }
    writeSync(this.#fd, bits, 0, bits.length, this.#bitmap(number) + base / 8 + Math.floor(first / 8));
  }

  /** Where the bitmap of a block's chunk is. */
  #bitmap(number: number): number {
    const ratio = chunkRatio(this.shape);
    const chunk = Math.floor(number / ratio);
    const there = this.#bitmaps.get(chunk);
    if (there !== undefined) return there;
    const at = this.#extend(MiB);
    this.#bitmaps.set(chunk, at);
    this.#put(chunk * (ratio + 1) + ratio, FULL, at);
    return at;
  }

  #extend(length: number): number {
    const end = Math.ceil(fstatSync(this.#fd).size / MiB) * MiB;
    ftruncateSync(this.#fd, end + length);
    return end;
  }

  #entry(number: number, state: number, at: number): void {
    const index = number + Math.floor(number / chunkRatio(this.shape));
    this.#put(index, state, at);
    if (state !== NOT_PRESENT) this.#youngest = index;
  }

  #put(index: number, state: number, at: number): void {
    this.#heal();
    const entry = Buffer.alloc(8);
    entry.writeBigUInt64LE((BigInt(at / MiB) << 20n) | BigInt(state));
    writeSync(this.#fd, entry, 0, 8, this.#places.bat + index * 8);
  }

  /** A header that names no log. */
  #clean(): void {
    this.#headers += 1;
    const { log } = this.#places;
    const header = headerBlock({ sequence: this.#headers, dataWriteGuid: this.dataWriteGuid, log });
    writeSync(this.#fd, header, 0, header.length, (this.#headers % 2 === 0 ? 64 : 128) * 1024);
  }

  /** What only the log held goes to its place, as when a host opens the file again. */
  #heal(): void {
    const soiled = this.#soiled;
    if (!soiled) return;
    this.#soiled = undefined;
    writeSync(this.#fd, soiled.page, 0, PAGE, soiled.at);
    this.#clean();
  }

  #lengthOf(number: number): number {
    return Math.min(this.shape.blockSize, this.#capacity - number * this.shape.blockSize);
  }

  *#spans(offset: number, length: number): Generator<{ number: number; from: number; length: number; at: number }> {
    const { blockSize } = this.shape;
    for (let at = 0; at < length; ) {
      const number = Math.floor((offset + at) / blockSize);
      const from = offset + at - number * blockSize;
      const part = Math.min(blockSize - from, length - at);
      yield { number, from, length: part, at };
      at += part;
    }
  }
}
