/** What a transport needs to read disks of this server, beside where they are: the session, whom to trust, export leases, change tracking. */
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Credentials, Trust } from '../../src/contracts/credentials.ts';
import type { HttpHeaders, SourceAccess } from '../../src/contracts/source-access.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { Exports } from './exports.ts';
import { revive } from './revive.ts';
import type { Session } from './session.ts';

export interface AccessParts {
  readonly session: Session;
  /** `https://host:port` that we are connected to. */
  readonly origin: string;
  readonly trust: Trust | undefined;
  readonly changes: ChangeTracking;
  readonly credentials: () => Promise<Credentials>;
}

/** The access, and what ends the leases that are still open. */
export function sourceAccess(parts: AccessParts): SourceAccess & AsyncDisposable {
  const { session, origin, changes, credentials } = parts;
  const trustOf = (url: string): Trust => trustIn(url, parts);
  const exports = new Exports({ session, origin, trustOf });
  return {
    changes,
    credentials,
    trust: trustOf,
    headers: (url, signal, refused) => headers(parts, { url, refused }, signal),
    openExport: (source, signal) => exports.open(source, signal),
    [Symbol.asyncDispose]: () => exports[Symbol.asyncDispose](),
  };
}

function trustIn(url: string, { origin, trust = {} }: AccessParts): Trust {
  if (new URL(url).origin === origin) return trust;
  // A pinned certificate is that of the server we are connected to, and says nothing of another host.
  const { thumbprint: _pinned, ...others } = trust;
  return others;
}

async function headers(
  { session, origin }: AccessParts,
  { url, refused }: { readonly url: string; readonly refused: HttpHeaders | undefined },
  signal: AbortSignal,
): Promise<HttpHeaders> {
  // Hosts serve exports by a ticket in the URL; the session's cookie is for the server that gave it and for nobody else.
  if (new URL(url).origin !== origin) {
    if (refused !== undefined) throw forbidden(url, 'The export may have ended: run again.');
    return {};
  }
  const { generation } = session;
  if (session.http.cookie === undefined) await session.renew(generation, signal);
  else if (refused?.['cookie'] === session.http.cookie && !(await revive(session, signal))) {
    throw forbidden(url, 'Give the account Datastore.Browse and Datastore.FileManagement on the datastore.');
  }
  const { cookie } = session.http;
  if (cookie === undefined) throw new MigrationError('source-login-failed', `The session at ${session.http.host} has ended`);
  return { cookie };
}

function forbidden(url: string, hint: string): MigrationError {
  const { host, pathname } = new URL(url);
  return new MigrationError('source-forbidden', `${host} refuses to hand out ${decodeURI(pathname)}`, { file: host, hint });
}
