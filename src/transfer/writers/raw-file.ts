/**
 * A raw file as target. It is written under `<final>.partial` beside its final name and gets that name only when it is published. The
 * partial is sparse and stays where it is when the writer is disposed of, so that a later run can go on with it.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FileMark } from '../../model/transfer.ts';
import { type Bytes, roundUp } from '../../model/units.ts';
import { systemCode } from '../cancellation.ts';
import { readMark } from './file-mark.ts';
import { OpenTarget, type OpenTargetOptions } from './open-target.ts';
import { onTarget, syncFolder } from './target-errors.ts';
import type { OpenedWriter } from './writer.ts';

/** Disks hold secrets: nobody else on the machine reads them. */
const MODE = 0o600;
const SECTOR: Bytes = 512;

export interface OpenRawFileOptions {
  /** Go on with the partial of an earlier run where it is still there. Only with a journal that tells what is in it. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

export interface RawFileWriter extends OpenedWriter {
  publish(size: Bytes): Promise<FileMark>;
}

/**
 * @param finalPath absolute, in a folder that exists
 * @param size guest-visible size of the disk
 * @throws MigrationError `target-full`, `target-write-failed`
 */
export async function openRawFile(finalPath: string, size: Bytes, { keep, signal }: OpenRawFileOptions): Promise<RawFileWriter> {
  const partial = `${finalPath}.partial`;
  const sectors = roundUp(size, SECTOR);
  return await onTarget(partial, async () => {
    const kept = keep ? await openKept(partial, size) : undefined;
    const file = kept ?? (await create(partial, sectors));
    const options = { file, path: partial, size: sectors, device: false, resumed: kept !== undefined, signal };
    return new RawFile(options, finalPath);
  });
}

/**
 * Makes a published file the partial that it was, where there is none: from then on it is no finished disk any more.
 * @param finalPath, size as of openRawFile
 * @throws MigrationError `target-write-failed`
 */
export async function takeBack(finalPath: string, size: Bytes): Promise<void> {
  const partial = `${finalPath}.partial`;
  await onTarget(finalPath, async () => {
    if ((await readMark(partial)) !== undefined || (await readMark(finalPath))?.size !== size) return;
    await rename(finalPath, partial);
    await syncFolder(path.dirname(partial));
  });
}

/** The partial of an earlier run; undefined where it is not there, or is no file of this size. */
async function openKept(partial: string, size: Bytes): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(partial, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ELOOP') return undefined;
    throw error;
  }
  const found = await file.stat();
  const sectors = roundUp(size, SECTOR);
  // It was cut for its final name, or got that name once.
  if (found.isFile() && found.size === size && size < sectors) await file.truncate(sectors);
  if (found.isFile() && (found.size === size || found.size === sectors)) return file;
  await file.close();
  return undefined;
}

async function create(partial: string, size: Bytes): Promise<FileHandle> {
  await rm(partial, { force: true });
  const file = await open(partial, 'wx+', MODE);
  try {
    await file.truncate(size);
    // A journal that speaks of this file must not outlive its name.
    await syncFolder(path.dirname(partial));
    return file;
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}

class RawFile extends OpenTarget implements RawFileWriter {
  readonly #final: string;
  #published = false;

  constructor(options: OpenTargetOptions, final: string) {
    super(options);
    this.#final = final;
  }

  /** Its end is cut off and put on again: a hole, on every file system. */
  override async zero(offset: Bytes, length: Bytes): Promise<void> {
    if (length === 0 || offset + length !== this.size) return await super.zero(offset, length);
    await onTarget(this.path, async () => {
      await this.file.truncate(offset);
      await this.file.truncate(this.size);
    });
  }

  async publish(size: Bytes): Promise<FileMark> {
    return await onTarget(this.#final, async () => {
      await this.file.truncate(size);
      await this.file.sync();
      await this[Symbol.asyncDispose]();
      await rename(this.path, this.#final);
      this.#published = true;
      await syncFolder(path.dirname(this.#final));
      const mark = await readMark(this.#final);
      if (mark === undefined) throw new Error('It vanished after it was renamed');
      return mark;
    });
  }

  async discard(): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (!this.#published) await rm(this.path, { force: true });
  }
}
