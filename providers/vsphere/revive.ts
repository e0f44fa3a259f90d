/** A session that was refused beside the SOAP API, at the files of a datastore: is it over, or is it not enough? */
import { properties } from './properties.ts';
import type { Session } from './session.ts';

/**
 * Logs in again where the session has ended, once for all who ask at the same time. False when it lives: a new one would be refused as well.
 * @throws MigrationError of a login
 */
export async function revive(session: Session, signal: AbortSignal): Promise<boolean> {
  const { generation } = session;
  // Asking renews a session that the server says it does not know; a server may also answer that there is none.
  const answer = await properties(session, session.manager('sessionManager'), ['currentSession'], signal);
  if (generation !== session.generation) return true;
  if (answer?.node('currentSession') !== undefined) return false;
  await session.renew(generation, signal);
  return true;
}
