/** A session with a server: its shares, and files that are open in it. It ends with its connection; server.ts makes the next one. */
import { MigrationError } from '../../../model/errors.ts';
import { type Bytes, KiB } from '../../../model/units.ts';
import { LARGEST_ANSWER, nameOf, type SmbAddress, type SmbConnection } from './connection.ts';
import { type LoggedIn, type LoginOptions, logIn, type Unproven } from './login.ts';
import { checkStatus, STATUS } from './status.ts';
import { closeRequest, type Opened, openRequest, parseOpened, parseRead, readRequest } from './wire/file.ts';
import { decodeHead, Malformed } from './wire/message.ts';
import { logoffRequest, parseTreeConnected, treeConnectRequest } from './wire/session.ts';
import { parseValidated, validateRequest } from './wire/validate.ts';

const CLOSING_MS = 5_000;

interface Tree {
  readonly id: number;
  readonly sealed: boolean;
}

/** A file that is open in one session. */
export interface OpenFile extends Opened {
  readonly tree: Tree;
  /** As people write it. */
  readonly place: string;
}

export interface FileName {
  readonly share: string;
  /** Parts separated by `/`. */
  readonly path: string;
}

/** A file as people write it. */
export function placeOf(address: SmbAddress, { share, path }: FileName): string {
  return `${nameOf(address)}\\${share}\\${path.replaceAll('/', '\\')}`;
}

export class SmbLink {
  readonly protection: string;
  readonly #address: SmbAddress;
  readonly #connection: SmbConnection;
  readonly #maxRead: Bytes;
  readonly #canSeal: boolean;
  #unproven: Unproven | undefined;
  readonly #trees = new Map<string, Promise<Tree>>();

  private constructor(address: SmbAddress, { connection, negotiated, protection, unproven }: LoggedIn) {
    this.protection = protection;
    this.#address = address;
    this.#connection = connection;
    this.#maxRead = Math.min(negotiated.maxRead, LARGEST_ANSWER);
    this.#canSeal = negotiated.cipher !== undefined;
    this.#unproven = unproven;
  }

  /** @throws as logIn */
  static async open(options: LoginOptions, signal: AbortSignal): Promise<SmbLink> {
    return new SmbLink(options.address, await logIn(options, signal));
  }

  get usable(): boolean {
    return this.#connection.usable;
  }

  /** Gives it up: what is under way in it fails with the error. */
  lose(error: unknown): void {
    this.#connection.lose(error);
  }

  /** Bytes that may be on their way at once. */
  get window(): Bytes {
    return Math.max(1, this.#connection.granted) * 64 * KiB;
  }

  /** Bytes of one read at most, by the server's word and by its credits. */
  get largestRead(): Bytes {
    return Math.min(this.#maxRead, this.window);
  }

  /** @throws MigrationError `disk-unreachable`, `source-forbidden`, `source-busy`, …; Passing; the signal's reason */
  async open({ share, path }: FileName, signal: AbortSignal): Promise<OpenFile> {
    const tree = await this.#tree(share, signal);
    const place = placeOf(this.#address, { share, path });
    const read = (message: Buffer, status: number): Opened => {
      checkStatus(status, place);
      return parseOpened(message);
    };
    const request = { command: 'create', body: openRequest(path), tree: tree.id, sealed: tree.sealed, read } as const;
    return { ...(await this.#connection.send(request, signal)), tree, place };
  }

  /**
   * Fills `into`, which is no longer than `largestRead`.
   * @throws MigrationError `source-read-failed`, `source-changed`, `source-answer-broken`, …; Passing; the signal's reason
   */
  async read({ id, tree, place }: OpenFile, offset: Bytes, { into, signal }: Reading): Promise<void> {
    const read = (message: Buffer, status: number): void => {
      // Nobody waits for it any more, and its buffer may have another use.
      if (signal.aborted) return;
      checkStatus(status, place);
      const { offset: at, length: brought } = parseRead(message);
      if (brought !== into.length) throw new Malformed(`it brings ${brought} bytes instead of ${into.length}`);
      // A part of a buffer is copied into shared memory several times as fast as a whole one.
      message.copy(into, 0, at, at + brought);
    };
    const body = readRequest(id, offset, into.length);
    const request = { command: 'read', body, brings: into.length, tree: tree.id, sealed: tree.sealed, read } as const;
    await this.#connection.send(request, signal);
  }

  /** Returns when the server has closed the file, or does not answer: one that stays open keeps the host from merging it. */
  async close({ id, tree }: OpenFile): Promise<void> {
    const request = {
      command: 'close',
      body: closeRequest(id),
      tree: tree.id,
      sealed: tree.sealed,
      read: () => undefined,
    } as const;
    await this.#connection.send(request, AbortSignal.timeout(CLOSING_MS)).catch((error: unknown) => this.lose(error));
  }

  /** Ends the session. */
  async logOff(): Promise<void> {
    const request = { command: 'logoff', body: logoffRequest(), read: () => undefined } as const;
    await this.#connection.send(request, AbortSignal.timeout(CLOSING_MS)).catch((error: unknown) => this.lose(error));
    await this.#connection.end();
  }

  #tree(share: string, signal: AbortSignal): Promise<Tree> {
    const known = this.#trees.get(share);
    if (known !== undefined) return known;
    const tree = this.#connect(share, signal);
    this.#trees.set(share, tree);
    tree.catch(() => this.#trees.delete(share));
    return tree;
  }

  async #connect(share: string, signal: AbortSignal): Promise<Tree> {
    const place = `${nameOf(this.#address)}\\${share}`;
    const read = (message: Buffer, status: number): Tree & { readonly disk: boolean } => {
      checkStatus(status, place);
      return { id: decodeHead(message).tree, ...parseTreeConnected(message) };
    };
    const body = treeConnectRequest(this.#address.host, share);
    const { id, disk, sealed } = await this.#connection.send({ command: 'treeConnect', body, read }, signal);
    if (!disk) throw new MigrationError('disk-unreachable', `${place} is no share of files.`, { file: place });
    if (sealed && !this.#canSeal) {
      throw new MigrationError('source-refused', `${place} demands encryption, and offers no way that is known here.`, {
        file: place,
      });
    }
    await this.#validate({ id, sealed }, signal);
    return { id, sealed };
  }

  /** Once, in the first share. */
  async #validate({ id, sealed }: Tree, signal: AbortSignal): Promise<void> {
    if (this.#unproven === undefined) return;
    const { offered, agreed } = this.#unproven;
    const read = (message: Buffer, status: number): void => {
      // Before 3.0 servers did not know the question; that they say so is signed.
      if (status === STATUS.ok && parseValidated(message).equals(agreed)) return;
      if (status === STATUS.notSupported || status === STATUS.notKnown) return;
      const place = nameOf(this.#address);
      const hint = 'Something between here and the server weakens the protection of the connection. Find out what.';
      throw new MigrationError('source-untrusted', `${place} did not agree on what reached us as its word.`, {
        file: place,
        hint,
      });
    };
    const body = validateRequest(offered);
    await this.#connection.send({ command: 'ioctl', body, tree: id, sealed, read }, signal);
    this.#unproven = undefined;
  }
}

interface Reading {
  readonly into: Uint8Array;
  readonly signal: AbortSignal;
}
