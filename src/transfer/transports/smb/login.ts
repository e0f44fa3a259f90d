/** Opens a connection, agrees on the dialect, logs in and derives the keys ([MS-SMB2] 3.2.5.2, 3.2.5.3). */
import { randomBytes } from 'node:crypto';
import type { Credentials } from '../../../contracts/credentials.ts';
import { MigrationError } from '../../../model/errors.ts';
import { type NtlmLogin, startNtlm } from '../../../net/ntlm/index.ts';
import { nameOf, type Request, type SmbAddress, SmbConnection } from './connection.ts';
import { Guard } from './security/guard.ts';
import { Preauth, type SessionKeys, sessionKeys } from './security/keys.ts';
import { Sealing } from './security/sealing.ts';
import { Signing } from './security/signing.ts';
import { checkStatus, STATUS } from './status.ts';
import { Malformed } from './wire/message.ts';
import { type Negotiated, negotiateRequest, parseNegotiated } from './wire/negotiate.ts';
import { parseSessionSetup, type SessionSetup, sessionSetupRequest } from './wire/session.ts';
import { agreementOf, offerOf } from './wire/validate.ts';

export interface LoginOptions {
  readonly address: SmbAddress;
  readonly credentials: () => Promise<Credentials>;
  /** Longest silence of the server in milliseconds. */
  readonly patience: number;
}

/** Somebody is logged in; every message is protected. */
export interface LoggedIn {
  readonly connection: SmbConnection;
  readonly negotiated: Negotiated;
  /** How, for people: `SMB 3.1.1, signed with AES-128-GMAC`. */
  readonly protection: string;
  /** What was said unsigned, where nothing else protects it: to be asked again. */
  readonly unproven?: Unproven;
}

export interface Unproven {
  readonly offered: Buffer;
  readonly agreed: Buffer;
}

/** NTLM needs one answer of the server in between; whoever wants more does not come to an end. */
const MOST_TURNS = 4;

/**
 * @throws MigrationError `source-unreachable`, `source-login-failed`, `source-refused`, `source-answer-broken`, what `credentials` throws;
 *   Passing; the signal's reason
 */
export async function logIn(options: LoginOptions, signal: AbortSignal): Promise<LoggedIn> {
  const { user, password } = await options.credentials();
  const { address, patience } = options;
  const connection = await SmbConnection.open(address, patience, signal);
  const giveUp = (): void => connection.lose(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const login = startNtlm({ user, password, target: `cifs/${address.host}` });
    return await agree({ connection, login, place: nameOf(address) }, signal);
  } catch (error) {
    connection.lose(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

interface Parties {
  readonly connection: SmbConnection;
  readonly login: NtlmLogin;
  readonly place: string;
}

async function agree({ connection, login, place }: Parties, signal: AbortSignal): Promise<LoggedIn> {
  const preauth = new Preauth();
  let said: Buffer = Buffer.alloc(0);
  const exchange = (command: 'negotiate' | 'sessionSetup', body: Buffer): Promise<Answer> => {
    const request: Request<Answer> = {
      command,
      body,
      sent: (message) => {
        preauth.add(message);
        said = message;
      },
      read: (message, status) => ({ message: Buffer.from(message), status }),
    };
    return connection.send(request, signal);
  };
  const first = await exchange('negotiate', negotiateRequest({ client: randomBytes(16), salt: randomBytes(32) }));
  checkStatus(first.status, place);
  preauth.add(first.message);
  const negotiated = parseNegotiated(first.message);
  const unproven =
    negotiated.dialect === '3.1.1' ? {} : { unproven: { offered: offerOf(said), agreed: agreementOf(first.message) } };

  let token = login.first();
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    const { message, status } = await exchange('sessionSetup', sessionSetupRequest(token));
    if (status !== STATUS.moreProcessing) {
      checkStatus(status, place);
      const keys = sessionKeys({ ...negotiated, sessionKey: login.session.sessionKey, preauth: preauth.value });
      const setup = parseSessionSetup(message);
      checkSetup(setup, place);
      return { ...protect({ connection, negotiated, keys, setup, last: message, login }), ...unproven };
    }
    preauth.add(message);
    token = login.next(parseSessionSetup(message).token);
  }
  throw new Malformed('the login comes to no end');
}

interface Answer {
  readonly message: Buffer;
  readonly status: number;
}

function checkSetup({ guest }: SessionSetup, place: string): void {
  if (!guest) return;
  const hint = 'Check user name and password, and switch guest logins off on the server.';
  throw new MigrationError('source-login-failed', `${place} takes the user only as a guest, whose messages nobody signs.`, {
    hint,
  });
}

interface Session {
  readonly connection: SmbConnection;
  readonly negotiated: Negotiated;
  readonly keys: SessionKeys;
  readonly setup: SessionSetup;
  /** The server's last answer. */
  readonly last: Buffer;
  readonly login: NtlmLogin;
}

function protect({ connection, negotiated, keys, setup, last, login }: Session): LoggedIn {
  const { dialect, signing: algorithm, cipher } = negotiated;
  const signing = new Signing(algorithm, keys.signing);
  // It proves that the server knows the password too, and has heard what we have said, and nothing else.
  if (!signing.check(last)) throw new Malformed('the end of the login bears a wrong signature');
  login.finish(setup.token);
  const sealing = cipher === undefined ? undefined : new Sealing(cipher, keys, connection.session);
  if (setup.sealed && sealing === undefined) throw new Malformed('it demands sealing without a way to do so');
  const sealsAll = setup.sealed || isCheaper(negotiated);
  connection.protect(new Guard({ signing, sealing, sealsAll }));
  const how = sealsAll ? `sealed with ${cipher?.toUpperCase()}` : `signed with ${algorithm.toUpperCase()}`;
  return { connection, negotiated, protection: `SMB ${dialect}, ${how}` };
}

/**
 * Whether sealing costs less than signing, so that it is done unasked: CMAC takes 1.05 s of a processor for a GiB, GCM 0.27 s and GMAC 0.06 s
 * (Node 24 with AES instructions). Windows before 2022 knows no GMAC.
 */
function isCheaper({ signing, cipher }: Negotiated): boolean {
  return signing === 'aes-128-cmac' && (cipher === 'aes-128-gcm' || cipher === 'aes-256-gcm');
}
