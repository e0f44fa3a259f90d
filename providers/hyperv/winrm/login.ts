/** The ways to log in to WinRM, and what each costs on a connection. Secrets stay in here and in what goes to the server. */
import type { ClientCertificate, Credentials } from '../../../src/contracts/credentials.ts';
import type { LoginMethod } from '../../../src/contracts/provider.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { channelBindings } from '../../../src/net/channel-bindings.ts';
import { type NtlmSession, startNtlm } from '../../../src/net/ntlm/index.ts';
import type { Answer, Connection, Place } from './connection.ts';
import { kerberosTokens } from './kerberos.ts';

/** What a connection has after its login. */
export interface Admission {
  /** Value of `Authorization` for a request; absent where the connection itself is logged in. */
  readonly authorization?: () => Promise<string>;
  /** Seals each message; absent over TLS, which does. */
  readonly session?: NtlmSession;
}

/** Logs a fresh connection in. @throws MigrationError `source-login-failed`, and everything of a connection */
export type Login = (connection: Connection, signal: AbortSignal) => Promise<Admission>;

/** How WinRM is told that the certificate of the connection is the login ([MS-WSMV] 2.2.1, wsman:secprofile). */
const BY_CERTIFICATE = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';

export interface LoginOptions {
  readonly credentials?: () => Promise<Credentials>;
  readonly loginMethod?: LoginMethod;
  readonly clientCertificate?: ClientCertificate;
}

/**
 * The way that is asked for; else the certificate that is given; else the strongest of the server's that a password is enough for.
 * Kerberos has to be asked for: it logs in with a ticket, not with a password.
 * @throws MigrationError `usage`, `credentials-missing`, `source-login-failed` when there is none
 */
export async function chooseLogin(place: Place, options: LoginOptions, offers: () => Promise<readonly string[]>): Promise<Login> {
  const method =
    options.loginMethod ?? (options.clientCertificate === undefined ? await strongest(place, await offers()) : 'certificate');
  if (!place.tls && method !== 'ntlm') {
    throw new MigrationError('usage', `The login ${method} would not be protected over plain HTTP`, {
      hint: 'Use HTTPS (port 5986), or NTLM, which seals each message itself.',
    });
  }
  if (method === 'certificate') return byCertificate(options.clientCertificate);
  if (method === 'kerberos') return await byKerberos(place);
  const credentials = await options.credentials?.();
  if (credentials === undefined) throw new MigrationError('credentials-missing', `${place.host} asks for user and password`);
  return method === 'basic' ? byPassword(credentials) : byNtlm(place, credentials);
}

async function strongest({ host, tls }: Place, offers: readonly string[]): Promise<LoginMethod> {
  const schemes = offers.map((offer) => offer.split(' ', 1)[0]?.toLowerCase());
  if (schemes.includes('negotiate')) return 'ntlm';
  if (tls && schemes.includes('basic')) return 'basic';
  const list = schemes.length === 0 ? 'nothing' : offers.join(', ');
  throw new MigrationError(
    'source-login-failed',
    `${host} offers no login that can be used ${tls ? '' : 'over HTTP '}here: ${list}`,
    {
      file: host,
      hint: 'Switch Negotiate on in the authentication settings of the WinRM service; over HTTPS Basic or a certificate will do too.',
    },
  );
}

function byCertificate(certificate: ClientCertificate | undefined): Login {
  if (certificate === undefined)
    throw new MigrationError('credentials-missing', 'The login by certificate needs a certificate and its key');
  return async () => ({ authorization: async () => BY_CERTIFICATE });
}

function byPassword({ user, password }: Credentials): Login {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
  return async () => ({ authorization: async () => authorization });
}

async function byKerberos({ host }: Place): Promise<Login> {
  const next = await kerberosTokens(host);
  // A ticket's token is good for one request; the connection need not remember anything.
  return async () => ({ authorization: async () => `Kerberos ${await next()}` });
}

/** Three messages on the connection itself, which then is the user's until it ends. */
function byNtlm({ host, tls }: Place, { user, password }: Credentials): Login {
  return async (connection, signal) => {
    const say = (token: Buffer): Promise<Answer> =>
      connection.post({ authorization: `Negotiate ${token.toString('base64')}` }, Buffer.alloc(0), signal);
    const login = startNtlm({
      user,
      password,
      target: `HTTP/${host}`,
      envelope: 'plain',
      channelBindings: () => connection.certificate && channelBindings(connection.certificate),
    });
    const challenge = tokenIn(await say(login.first()));
    if (challenge === undefined) throw refused(host, user, 'does not offer Negotiate');
    const answer = await say(login.next(challenge));
    if (answer.status === 401) throw refused(host, user, 'refused the login');
    return tls ? {} : { session: login.session };
  };
}

function tokenIn({ status, challenges }: Answer): Buffer | undefined {
  const token = challenges.map((challenge) => /^Negotiate +(\S+)$/i.exec(challenge)?.[1]).find((found) => found !== undefined);
  return status === 401 && token !== undefined ? Buffer.from(token, 'base64') : undefined;
}

/** Who it was helps; what the password was, nobody is told. */
export function refused(host: string, user: string | undefined, what: string): MigrationError {
  return new MigrationError('source-login-failed', `${host} ${what}${user === undefined ? '' : ` of ${user}`}`, { file: host });
}
