/** The files of one disk, each on a share or mounted. Files of one server are read in one session. */
import { stat } from 'node:fs/promises';
import type { Clock } from '../../../contracts/clock.ts';
import type { SourceAccess } from '../../../contracts/source-access.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { MountedFile, SmbFile } from '../../../model/transfer.ts';
import { type Bytes, MiB } from '../../../model/units.ts';
import type { StoredBytes } from '../../formats/layered/layer.ts';
import { SourceBytes } from '../../source-bytes.ts';
import type { Pace } from '../file/chain-reader.ts';
import { nameOf, type SmbAddress } from './connection.ts';
import { placeOf } from './link.ts';
import { ReadAhead } from './read-ahead.ts';
import { SmbServer } from './server.ts';
import { SmbBytes } from './smb-bytes.ts';

export interface SharedOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Longest silence of a server in milliseconds, by the machine's own clock; 20 s when absent. */
  readonly patience?: number;
  /** From 0 to 1, for the jitter of waits. */
  readonly random?: () => number;
  /** Tries of one read that may fail; 8 when absent, which is about half a minute. */
  readonly attempts?: number;
}

const PATIENCE_MS = 20_000;
const PORT = 445;
const LARGEST_READ: Bytes = MiB;
/** Sixteen brought no more, next door or over a link of 20 ms, and kept more in memory than the processor's cache holds. */
const MOST_LANES = 8;

export class SharedFiles implements AsyncDisposable {
  readonly #access: SourceAccess | undefined;
  readonly #options: SharedOptions;
  readonly #servers = new Map<string, SmbServer>();
  readonly #shared: SmbBytes[] = [];
  readonly #mounted: SourceBytes[] = [];

  constructor(access: SourceAccess | undefined, options: SharedOptions) {
    this.#access = access;
    this.#options = options;
  }

  /** @throws MigrationError as SmbBytes.open and SourceBytes.open do; `disk-unreachable` where nobody can log in */
  async open(file: SmbFile | MountedFile): Promise<StoredBytes> {
    if (file.kind === 'mounted') {
      const { path } = file;
      const bytes = await SourceBytes.open([{ path, offset: 0, length: await sizeOf(path) }]);
      this.#mounted.push(bytes);
      return bytes;
    }
    checkName(file);
    const bytes = await SmbBytes.open(this.#serverOf(file), file, this.#options.signal);
    this.#shared.push(bytes);
    return new ReadAhead(bytes);
  }

  /** How the bytes come from a server; undefined where all files are mounted. */
  get protection(): string | undefined {
    const told = [...this.#servers.values()].map(({ last }) => last?.protection ?? '');
    return told.length === 0 ? undefined : [...new Set(told)].join(' and ');
  }

  /** What is worth reading at once; undefined where all files are mounted. */
  get pace(): Pace | undefined {
    if (this.#servers.size === 0) return undefined;
    const windows = [...this.#servers.values()].map(({ last }) => last?.window ?? 0);
    const lanes = Math.floor(Math.min(...windows) / LARGEST_READ);
    return { lanes: Math.max(1, Math.min(lanes, MOST_LANES)), largestRead: LARGEST_READ };
  }

  /** Ends all reads. */
  stop(): void {
    for (const bytes of this.#shared) bytes.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#shared, ...this.#mounted].map((bytes) => bytes[Symbol.asyncDispose]()));
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }

  #serverOf(file: SmbFile): SmbServer {
    const address = addressOf(file);
    const key = nameOf(address).toLowerCase();
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    const credentials = this.#access?.credentials?.bind(this.#access);
    if (credentials === undefined) {
      throw new MigrationError(
        'disk-unreachable',
        `Nobody can log in to ${nameOf(address)}: there is no connection to the source.`,
      );
    }
    const { clock, patience = PATIENCE_MS, random, attempts } = this.#options;
    const tries = { ...(random !== undefined && { random }), ...(attempts !== undefined && { attempts }) };
    const server = new SmbServer({ address, credentials, clock, patience, ...tries });
    this.#servers.set(key, server);
    return server;
  }
}

/** A file as people write it. */
export function pathOf(file: SmbFile | MountedFile): string {
  return file.kind === 'mounted' ? file.path : placeOf(addressOf(file), file);
}

function addressOf({ server: host, port = PORT }: SmbFile): SmbAddress {
  return { host, port };
}

/** Nothing outside of the share, and no name that a server would take for another one. */
function checkName(file: SmbFile): void {
  const parts = file.path.split('/');
  const isSound = (part: string): boolean => part !== '' && part !== '.' && part !== '..' && !/[\\:*?"<>|\0]/.test(part);
  if (parts.every(isSound) && isSound(file.share) && !file.share.includes('/')) return;
  throw new MigrationError('disk-unreachable', 'The name of the file is not possible on a share.', { file: pathOf(file) });
}

async function sizeOf(path: string): Promise<Bytes> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new MigrationError('source-read-failed', 'A file of the source cannot be looked at.', { file: path, cause });
  }
}
