/** What a command writes, put together from the pieces in which the service hands it out. */
import { MigrationError } from '../../../src/model/errors.ts';
import type { Ended } from '../scripts/answer.ts';
import type { XmlElement } from './xml.ts';

/** Bytes of standard error that are kept: noise for the search of bugs. */
const NOISE_BYTES = 64 * 1024;

export class Output {
  readonly #limit: number;
  readonly #host: string;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #written = 0;
  #noise = 0;

  /** @param limit bytes of standard output */
  constructor(limit: number, host: string) {
    this.#limit = limit;
    this.#host = host;
  }

  /**
   * Takes an answer to Receive. Tells how the command ended, when it has.
   * @throws MigrationError `source-answer-broken` for too much output
   */
  take(answer: XmlElement, command: string): Ended | undefined {
    const response = answer.children.flatMap(({ children }) => children).find(({ name }) => name === 'ReceiveResponse');
    let state: XmlElement | undefined;
    for (const part of response?.children ?? []) {
      if (part.attributes.get('CommandId') !== command) continue;
      if (part.name === 'Stream') this.#add(part.attributes.get('Name'), Buffer.from(part.text, 'base64'));
      if (part.name === 'CommandState') state = part;
    }
    if (state?.attributes.get('State')?.endsWith('/CommandState/Done') !== true) return undefined;
    const code = Number(state.children.find(({ name }) => name === 'ExitCode')?.text ?? 0);
    return {
      // A character may lie across pieces: bytes are joined before they become text.
      stdout: Buffer.concat(this.#stdout).toString('utf8'),
      stderr: Buffer.concat(this.#stderr).toString('utf8'),
      // Windows counts in 32 bits without a sign; some answers have one.
      exitCode: code | 0,
    };
  }

  #add(stream: string | undefined, piece: Buffer): void {
    if (stream === 'stdout') {
      this.#written += piece.length;
      if (this.#written > this.#limit) {
        throw new MigrationError('source-answer-broken', `A script on ${this.#host} writes more than ${this.#limit} bytes`, {
          file: this.#host,
        });
      }
      this.#stdout.push(piece);
    }
    if (stream === 'stderr' && this.#noise < NOISE_BYTES) {
      this.#noise += piece.length;
      this.#stderr.push(piece);
    }
  }
}
