/**
 * Brings a file behind a URL onto a local file system, for sources that can only be read as files (packages, images in foreign formats). A half file
 * is gone on with as long as the server says that it is still the same; the final name is given to a whole one only. Disks of live servers are read
 * in place instead: see transports/.
 */
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../contracts/clock.ts';
import type { Credentials, Trust } from '../../contracts/credentials.ts';
import type { RemoteFile } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import { systemCode } from '../cancellation.ts';
import { hashFile } from './hash.ts';
import { type HttpsAnswer, requestFile } from './request.ts';

export interface FetchOptions {
  readonly clock: Clock;
  /** Absolute path of the file in the end. Beside it stand `<path>.partial` while it comes, and `<path>.origin`, which says where it is from. */
  readonly path: string;
  readonly trust: Trust;
  readonly credentials?: Credentials;
  readonly onProgress: (done: number, total: number | undefined) => void;
  readonly signal: AbortSignal;
}

/** What is known of the file that is brought. */
interface Origin {
  readonly url: string;
  /** A strong `ETag`, else `Last-Modified`. */
  readonly mark?: string;
}

const ATTEMPTS = 8;
const FIRST_WAIT_MS = 500;

/**
 * @throws MigrationError `target-occupied` where another file has that name; `source-changed`, `source-read-failed`, `source-refused`,
 * `source-forbidden`, `source-not-found`, `source-untrusted`, `source-unreachable`, `target-full`, `target-write-failed`
 */
export async function fetchFile(file: RemoteFile, options: FetchOptions): Promise<void> {
  const { path: target, signal, clock } = options;
  if (await isBrought(file, target)) return;
  await onDisk(target, () => mkdir(path.dirname(target), { recursive: true }));
  for (let attempt = 1; ; attempt += 1) {
    const before = await sizeOf(`${target}.partial`);
    try {
      await bring(file, options);
      break;
    } catch (error) {
      if (signal.aborted || !(error instanceof MigrationError) || error.disposition !== 'retry') throw error;
      // What brings it on is no failure.
      if ((await sizeOf(`${target}.partial`)) > before) attempt = 1;
      if (attempt >= ATTEMPTS) throw error;
      await clock.sleep(FIRST_WAIT_MS * 2 ** attempt, signal);
    }
  }
  await check(file, `${target}.partial`, signal);
  await onDisk(target, () => rename(`${target}.partial`, target));
}

async function isBrought({ url }: RemoteFile, target: string): Promise<boolean> {
  if ((await sizeOf(target)) === -1) return false;
  const origin = await originOf(target);
  if (origin?.url === url) return true;
  if (origin !== undefined) {
    await onDisk(target, () => rm(target));
    return false;
  }
  throw new MigrationError('target-occupied', 'There is a file of this name that was not fetched.', {
    file: target,
    hint: 'Remove it, or name another path; a file that is there needs no url.',
  });
}

/** One request: from where the half file ends, or from the beginning. */
async function bring({ url }: RemoteFile, options: FetchOptions): Promise<void> {
  const { path: target, signal } = options;
  const partial = `${target}.partial`;
  const origin = await originOf(target);
  const begun = origin?.url === url && origin.mark !== undefined ? Math.max(0, await sizeOf(partial)) : 0;
  const resume = begun > 0 && origin?.mark !== undefined ? { from: begun, mark: origin.mark } : undefined;
  const answer = await requestFile(new URL(url), { ...options, ...(resume !== undefined && { resume }) });
  const from = answer.from;
  if (from === 0) {
    const { mark } = answer;
    await onDisk(target, () => writeFile(`${target}.origin`, JSON.stringify({ url, ...(mark !== undefined && { mark }) })));
  }
  await onDisk(target, async () => await receive(answer, { ...options, partial, from, signal }));
}

async function receive(
  answer: HttpsAnswer,
  { partial, from, onProgress, signal }: FetchOptions & { readonly partial: string; readonly from: number },
): Promise<void> {
  await using file = await open(partial, from === 0 ? 'w' : 'r+');
  let at = from;
  for await (const chunk of answer.body(signal)) {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
    onProgress(at, answer.total);
  }
  await file.sync();
  if (answer.total !== undefined && at !== answer.total)
    throw new MigrationError('source-read-failed', `The server sent ${at} of ${answer.total} bytes.`);
}

async function check({ url, sha256 }: RemoteFile, partial: string, signal: AbortSignal): Promise<void> {
  if (sha256 === undefined) return;
  const found = await onDisk(partial, () => hashFile(partial, signal));
  if (found === sha256.toLowerCase()) return;
  await rm(partial, { force: true });
  throw new MigrationError('package-digest-mismatch', `The file has the SHA-256 ${found}, not the one that was given.`, {
    file: url,
  });
}

async function originOf(target: string): Promise<Origin | undefined> {
  try {
    return JSON.parse(await readFile(`${target}.origin`, 'utf8'));
  } catch {
    return undefined;
  }
}

/** -1 where there is none. */
async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => -1,
  );
}

/** @throws MigrationError `target-full`, `target-write-failed` */
async function onDisk<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = systemCode(cause);
    if (cause instanceof MigrationError || code === undefined || !/^E[A-Z]+$/.test(code) || /^(ECONN|EPIPE|ETIMEDOUT)/.test(code))
      throw cause;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new MigrationError(full ? 'target-full' : 'target-write-failed', `The file cannot be written (${code}).`, {
      file,
      cause,
    });
  }
}
