/** Opening sockets to look at them; nothing is sent. */
import { connect as connectTcp, type Socket } from 'node:net';
import { networkError } from './network-error.ts';

export const REACH_PATIENCE_MS = 10_000;

/** How long it took. @throws MigrationError `source-unreachable` */
export async function reach(host: string, port: number, signal: AbortSignal): Promise<string> {
  const started = performance.now();
  const socket = connectTcp({ host, port, timeout: REACH_PATIENCE_MS });
  await opened(socket, 'connect', { host, signal });
  socket.destroy();
  return `open, ${Math.max(1, Math.round(performance.now() - started))} ms`;
}

/** Waits for the event that says that a socket is open. @throws MigrationError of the connection */
export async function opened(
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
    throw networkError(error, host, signal);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
