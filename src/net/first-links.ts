/** The first links of a doctor's chain: name, port, certificate. Sockets are opened to look at them; nothing is sent. */
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { networkTrouble } from '../model/network-trouble.ts';
import { formatThumbprint, thumbprintsOf } from '../model/thumbprint.ts';
import type { Finding } from './check.ts';

const PATIENCE_MS = 10_000;
const EXPIRES_SOON_MS = 30 * 24 * 3600_000;

/** Addresses of a name. @throws MigrationError `source-unreachable` */
export async function resolveName(host: string): Promise<string> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address).join(', ');
  } catch (error) {
    throw networkTrouble(error, host) ?? error;
  }
}

/** How long it took. @throws MigrationError `source-unreachable` */
export async function reach(host: string, port: number, signal: AbortSignal): Promise<string> {
  const started = performance.now();
  const socket = connectTcp({ host, port, timeout: PATIENCE_MS });
  await opened(socket, 'connect', { host, signal });
  socket.destroy();
  return `open, ${Math.max(1, Math.round(performance.now() - started))} ms`;
}

/** Waits for the event that says that a socket is open. @throws MigrationError of the connection */
async function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  { host, signal }: { readonly host: string; readonly signal: AbortSignal },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason);
  socket.once(event, () => resolve());
  socket.once('error', reject);
  socket.once('timeout', () => reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
  signal.addEventListener('abort', stop, { once: true });
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    if (signal.aborted) throw signal.reason;
    throw networkTrouble(error, host) ?? error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Looks at the certificate without trusting it. @throws MigrationError of the connection */
export async function lookAtCertificate(host: string, port: number, signal: AbortSignal): Promise<Finding> {
  const socket = connectTls({
    host,
    port,
    rejectUnauthorized: false,
    timeout: PATIENCE_MS,
    ...(isIP(host) === 0 && { servername: host }),
  });
  await opened(socket, 'secureConnect', { host, signal });
  // Node hands it out once.
  const shown = socket.getPeerX509Certificate();
  const [sha256 = ''] = thumbprintsOf(shown);
  const until = shown?.validToDate;
  const protocol = socket.getProtocol() ?? 'TLS';
  socket.destroy();
  const finding = `${protocol}, SHA-256 ${formatThumbprint(sha256)}, valid until ${day(until)}`;
  if (until === undefined || until.getTime() - Date.now() > EXPIRES_SOON_MS) return finding;
  return {
    outcome: 'warning',
    finding,
    todo: 'Renew the certificate of the server; with a pinned thumbprint give the new one then.',
  };
}

function day(date: Date | undefined): string {
  return date === undefined || Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10);
}
