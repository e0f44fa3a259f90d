/** What protects the messages of a session, once somebody is logged in: each is signed, or sealed where that is demanded or cheaper. */
import { type AnswerHead, Malformed } from '../wire/message.ts';
import { isSealed, type Sealing } from './sealing.ts';
import type { Signing } from './signing.ts';

export interface GuardOptions {
  readonly signing: Signing;
  /** Absent where the server cannot seal. */
  readonly sealing: Sealing | undefined;
  /** Everything is sealed, not only what is asked to be. */
  readonly sealsAll: boolean;
}

/** A message without its seal. */
export interface Unsealed {
  readonly message: Buffer;
  readonly sealed: boolean;
}

export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Whether a request goes out sealed; `wanted` where its share demands it. */
  seals(wanted: boolean): boolean {
    return wanted || this.#options.sealsAll;
  }

  /** What is sent in place of a message. */
  protect(message: Buffer, sealed: boolean): Buffer {
    if (sealed) return this.#sealing.seal(message);
    this.#options.signing.sign(message);
    return message;
  }

  /** @throws Malformed */
  unseal(frame: Buffer): Unsealed {
    return isSealed(frame) ? { message: this.#sealing.open(frame), sealed: true } : { message: frame, sealed: false };
  }

  /** Whether an answer that came without a seal is the server's. */
  isGenuine(message: Buffer, { signed }: AnswerHead): boolean {
    return signed && this.#options.signing.check(message);
  }

  get #sealing(): Sealing {
    if (this.#options.sealing === undefined) throw new Malformed('it is to be sealed, and there is no key for that');
    return this.#options.sealing;
  }
}

/** What comes before a login. @throws Malformed */
export function unprotected(frame: Buffer): Unsealed {
  if (isSealed(frame)) throw new Malformed('it was sealed before there was a key');
  return { message: frame, sealed: false };
}
