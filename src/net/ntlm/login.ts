/** A login by NTLMv2 from its first token to the keys of the session. */
import { createHash, randomBytes } from 'node:crypto';
import { MigrationError } from '../../model/errors.ts';
import { AV, type AvPair, avValue, writeAvPairs } from './av-pairs.ts';
import { hmacMd5, lmResponse, ntResponse, responseKey } from './keys.ts';
import { authenticateMessage, type Challenge, FLAG, negotiateMessage, parseChallenge, setMic } from './messages.ts';
import { Rc4 } from './rc4.ts';
import { type NtlmSession, SessionSecurity } from './session.ts';
import { MECHANISMS, parseResponse, writeInit, writeResponse } from './spnego.ts';
import { brokenToken } from './trouble.ts';
import { parseUser } from './user.ts';

export interface NtlmOptions {
  /** `DOMAIN\user`, `user@realm`, `user`, or `.\user` for an account of the server itself. */
  readonly user: string;
  readonly password: string;
  /** Name of this machine for the server's log; none when absent. */
  readonly workstation?: string;
  /** What is logged in to: `cifs/server`, `HTTP/server`. A server may refuse a login that was made for another one. */
  readonly target?: string;
  /**
   * Of the TLS connection around it (../channel-bindings.ts), so that nobody in between can pass the login on. Asked when the challenge is answered:
   * the connection is there then.
   */
  readonly channelBindings?: () => Uint8Array | undefined;
  /** `spnego` when absent; `plain` sends the NTLM messages as they are, as HTTP allows. */
  readonly envelope?: 'spnego' | 'plain';
  /** What a login takes from outside, for tests. `now` in units of 100 ns since 1601. */
  readonly world?: { readonly random: (bytes: number) => Buffer; readonly now: () => bigint };
}

export interface NtlmLogin {
  /** The first token for the server. */
  first(): Buffer;
  /**
   * The answer to the server's challenge, which is the last token of ours.
   * @throws MigrationError `source-answer-broken`, `source-login-failed` when the server gives up or offers less than NTLMv2
   */
  next(token: Uint8Array): Buffer;
  /**
   * What the server said when it was satisfied: its signature proves that it knows the password too, and that nobody changed what was offered.
   * Without a token there is nothing to check.
   * @throws MigrationError `source-answer-broken`, `source-login-failed`
   */
  finish(token?: Uint8Array): void;
  /** From `next` on. */
  readonly session: NtlmSession;
}

const FLAGS =
  FLAG.unicode |
  FLAG.requestTarget |
  FLAG.sign |
  FLAG.seal |
  FLAG.ntlm |
  FLAG.alwaysSign |
  FLAG.extendedSessionSecurity |
  FLAG.targetInfo |
  FLAG.version |
  FLAG.strength128 |
  FLAG.keyExchange |
  FLAG.strength56;

/** Without these a session would be protected by less than what we rely on. */
const NEEDED = FLAG.unicode | FLAG.extendedSessionSecurity | FLAG.strength128;

/** 1601 to 1970 in units of 100 ns. */
const EPOCH = 116_444_736_000_000_000n;
const MIC_FOLLOWS = 2;
const WORLD = { random: randomBytes, now: () => BigInt(Date.now()) * 10_000n + EPOCH };

export function startNtlm(options: NtlmOptions): NtlmLogin {
  return new Login(options);
}

class Login implements NtlmLogin {
  readonly #options: NtlmOptions;
  readonly #negotiate = negotiateMessage(FLAGS);
  readonly #spnego: boolean;
  #session: SessionSecurity | undefined;

  constructor(options: NtlmOptions) {
    this.#options = options;
    this.#spnego = options.envelope !== 'plain';
  }

  first(): Buffer {
    return this.#spnego ? writeInit(this.#negotiate) : this.#negotiate;
  }

  next(token: Uint8Array): Buffer {
    const data = Buffer.from(token);
    if (!this.#spnego) return this.#answer(data);
    const { state, token: challenge } = parseResponse(data);
    if (state === 'rejected' || challenge === undefined) throw refused('The server does not accept logins by NTLM');
    const answer = this.#answer(challenge);
    const mic = this.#opened().sign(MECHANISMS);
    this.#opened().restartCiphers();
    return writeResponse(answer, mic);
  }

  finish(token?: Uint8Array): void {
    if (token === undefined || token.length === 0 || !this.#spnego) return;
    const { state, mic } = parseResponse(Buffer.from(token));
    if (state === 'rejected') throw refused('The server refused the login');
    if (mic === undefined) return;
    this.#opened().verify(MECHANISMS, mic);
    this.#opened().restartCiphers();
  }

  get session(): NtlmSession {
    return this.#opened();
  }

  #opened(): SessionSecurity {
    if (this.#session === undefined) throw new Error('The server has not been answered yet');
    return this.#session;
  }

  #answer(token: Buffer): Buffer {
    const challenge = parseChallenge(token);
    const flags = FLAGS & challenge.flags;
    if ((flags & NEEDED) !== NEEDED) throw refused('The server offers no NTLM that protects what follows it');
    const { random, now } = this.#options.world ?? WORLD;
    const { key, user } = this.#identity(challenge);
    const clientChallenge = random(8);
    const timestamp = avValue(challenge.pairs, AV.timestamp);
    if (timestamp !== undefined && timestamp.length !== 8) throw brokenToken('its time is none');
    const input = { key, serverChallenge: challenge.serverChallenge, clientChallenge };
    const { response, sessionBaseKey } = ntResponse({
      ...input,
      time: timestamp?.readBigUInt64LE() ?? now(),
      targetInfo: writeAvPairs(this.#claims(challenge.pairs)),
    });
    const exchange = (flags & FLAG.keyExchange) !== 0;
    const sessionKey = exchange ? random(16) : sessionBaseKey;
    const message = authenticateMessage({
      flags,
      lm: timestamp === undefined ? lmResponse(input) : Buffer.alloc(24),
      nt: response,
      domain: user.domain,
      user: user.name,
      workstation: this.#options.workstation ?? '',
      encryptedSessionKey: exchange ? new Rc4(sessionBaseKey).apply(sessionKey) : Buffer.alloc(0),
    });
    if (timestamp !== undefined) setMic(message, hmacMd5(sessionKey, this.#negotiate, token, message));
    this.#session = new SessionSecurity(sessionKey, { keyExchange: exchange });
    return message;
  }

  #identity({ pairs }: Challenge): { readonly key: Buffer; readonly user: { readonly name: string; readonly domain: string } } {
    const { name, domain } = parseUser(this.#options.user);
    const user = { name, domain: domain === '.' ? (avValue(pairs, AV.computer)?.toString('utf16le') ?? '') : domain };
    return { key: responseKey(user, this.#options.password), user };
  }

  /** What the server told of itself, and what we say to it under the password's protection. */
  #claims(pairs: readonly AvPair[]): readonly AvPair[] {
    const { target } = this.#options;
    const channelBindings = this.#options.channelBindings?.();
    const ours: readonly number[] = [AV.flags, AV.target, AV.channelBindings];
    const theirFlags = avValue(pairs, AV.flags);
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE(((theirFlags?.length === 4 ? theirFlags.readUInt32LE() : 0) | MIC_FOLLOWS) >>> 0);
    return [
      ...pairs.filter(({ id }) => !ours.includes(id)),
      // A checksum over all messages is for servers that tell their time ([MS-NLMP] 3.1.5.1.2).
      ...(avValue(pairs, AV.timestamp) === undefined ? [] : [{ id: AV.flags, value: flags }]),
      ...(channelBindings === undefined ? [] : [{ id: AV.channelBindings, value: bindingsHash(channelBindings) }]),
      ...(target === undefined ? [] : [{ id: AV.target, value: Buffer.from(target, 'utf16le') }]),
    ];
  }
}

/** MD5 of a `gss_channel_bindings_struct` (RFC 2744) without addresses. */
function bindingsHash(data: Uint8Array): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(data.length, 16);
  return createHash('md5').update(head).update(data).digest();
}

function refused(message: string): MigrationError {
  return new MigrationError('source-login-failed', message, {
    hint: 'NTLMv2 with 128-bit session security is needed; look for policies of the server that restrict NTLM.',
  });
}
