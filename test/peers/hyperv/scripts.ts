/**
 * Which scripts a host runs: those that are shipped, and no other. A script is known by the SHA-256 of its whole text (the preamble, a line
 * feed, its own text); the command that reads it has to be the shipped bootstrap, character by character. Their texts are not looked into.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { CommandLine } from './shells.ts';

/** Where the product keeps them. */
export const SHIPPED = path.join(import.meta.dirname, '../../../providers/hyperv/scripts');

const SWITCHES = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export interface Told {
  readonly script: string;
  readonly input: unknown;
}

export class Scripts {
  readonly #bootstrap: string;
  /** Names by hash. */
  readonly #names: ReadonlyMap<string, string>;

  constructor(folder = SHIPPED) {
    const read = (name: string): string => readFileSync(path.join(folder, `${name}.ps1`), 'utf8');
    this.#bootstrap = read('bootstrap');
    const preamble = read('preamble');
    const names = readdirSync(folder)
      .filter((file) => file.endsWith('.ps1'))
      .map((file) => file.slice(0, -4))
      .filter((name) => name !== 'bootstrap' && name !== 'preamble');
    this.#names = new Map(names.map((name) => [digest(`${preamble}\n${read(name)}`), name]));
  }

  /** Whether it is the command that reads a script from its standard input. */
  isBootstrap({ program, args }: CommandLine): boolean {
    const encoded = Buffer.from(this.#bootstrap, 'utf16le').toString('base64');
    return program === 'powershell.exe' && args === `${SWITCHES} ${encoded}`;
  }

  /** @param stdin all of it @throws Error with what is wrong with it */
  read(stdin: Buffer): Told {
    const text = stdin.toString('latin1');
    const [script = '', input = '', ...rest] = text.split('\n');
    if (rest.length !== 1 || rest[0] !== '') throw new Error('the standard input is not two lines, each with its end');
    if (!BASE64.test(script) || !BASE64.test(input)) throw new Error('a line of the standard input is no base64');
    const name = this.#names.get(digest(Buffer.from(script, 'base64')));
    if (name === undefined) throw new Error('a script that is not shipped');
    return { script: name, input: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(input, 'base64'))) };
  }
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
