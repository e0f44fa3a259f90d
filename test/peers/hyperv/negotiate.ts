/**
 * The accepting side of NTLM for the listener: logins and sealed messages, done by Debian's gss-ntlmssp in a Python process (negotiate.py),
 * which shares nothing with our client. The process starts with the first login and ends with its standard input.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface Account {
  readonly username: string;
  readonly password: string;
  /** Domains that it may be called by, beside none. */
  readonly domains: readonly string[];
}

export interface Step {
  readonly token: Buffer;
  /** Absent while the login is under way. */
  readonly user?: string;
}

interface Reply {
  readonly bytes?: string;
  readonly complete?: boolean;
  readonly user?: string | null;
  readonly encrypted?: boolean;
  readonly error?: string;
}

const SCRIPT = path.join(import.meta.dirname, 'negotiate.py');

export class Negotiator {
  readonly #accounts: readonly Account[];
  #process: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #folder: string | undefined;
  /** Replies come in the order of the questions. */
  readonly #waiting: ((reply: Reply) => void)[] = [];

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  /** One message of a login. @throws Error when it is refused */
  async step(connection: string, token: Buffer): Promise<Step> {
    const { bytes = '', complete, user } = await this.#ask(connection, 'step', token);
    const answer = Buffer.from(bytes, 'base64');
    return complete === true ? { token: answer, user: (user ?? '').replaceAll('\0', '') } : { token: answer };
  }

  async seal(connection: string, message: Buffer): Promise<Buffer<ArrayBuffer>> {
    return Buffer.from((await this.#ask(connection, 'seal', message)).bytes ?? '', 'base64');
  }

  /** @throws Error when the message was not sealed by the other side, or out of order */
  async unseal(connection: string, message: Buffer): Promise<Buffer<ArrayBuffer>> {
    const { bytes = '', encrypted } = await this.#ask(connection, 'unseal', message);
    if (encrypted !== true) throw new Error('the message is signed and not sealed');
    return Buffer.from(bytes, 'base64');
  }

  forget(connection: string): void {
    if (this.#process) void this.#ask(connection, 'forget').catch(() => undefined);
  }

  stop(): void {
    this.#process?.stdin.end();
    this.#process = undefined;
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #ask(connection: string, what: string, bytes: Buffer = Buffer.alloc(0)): Promise<Reply> {
    this.#process ??= this.#start();
    const { stdin } = this.#process;
    return new Promise((resolve, reject) => {
      this.#waiting.push((reply) => (reply.error === undefined ? resolve(reply) : reject(new Error(reply.error))));
      stdin.write(`${JSON.stringify({ do: what, connection, bytes: bytes.toString('base64') })}\n`);
    });
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    this.#folder = mkdtempSync(path.join(tmpdir(), 'kubeferry-ntlm-'));
    const users = path.join(this.#folder, 'users');
    const lines = this.#accounts.flatMap(({ username, password, domains }) =>
      ['', ...domains].map((domain) => `${domain}:${username}:${password}\n`),
    );
    writeFileSync(users, lines.join(''), { mode: 0o600 });
    const started = spawn('/usr/bin/python3', [SCRIPT], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NTLM_USER_FILE: users },
    });
    createInterface(started.stdout).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
    const fail = (): void => {
      for (const answer of this.#waiting.splice(0)) answer({ error: 'the sidecar has ended: python3-gssapi and gss-ntlmssp?' });
    };
    started.on('error', fail);
    started.on('exit', fail);
    started.stdin.on('error', fail);
    return started;
  }
}
