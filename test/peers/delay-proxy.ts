/**
 * A way to a server on loopback that takes as long as a real one: a program of its own, so that it takes no turns of the event loop that is
 * measured. See `delay-proxy/main.go`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { buildPeer } from './build.ts';

export interface DelayProxyOptions {
  /** Port of the server on 127.0.0.1. */
  readonly port: number;
  readonly roundTripMs: number;
  /** Of one connection, from the server to the client; no limit when absent. */
  readonly bytesPerSecond?: number;
}

export interface DelayProxy extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
}

export async function startDelayProxy({ port, roundTripMs, bytesPerSecond = 0 }: DelayProxyOptions): Promise<DelayProxy> {
  const program = await buildPeer('delay-proxy');
  const args = ['-target', `127.0.0.1:${port}`, '-round-trip', `${roundTripMs}ms`, '-rate', `${bytesPerSecond}`];
  const proxy = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(proxy, 'close');
  const lines = createInterface({ input: proxy.stdout })[Symbol.asyncIterator]();
  const { value: address = '' } = await lines.next();
  const own = Number(/:(\d+)$/.exec(address)?.[1]);
  if (Number.isNaN(own)) throw new Error('the delay proxy does not listen');
  return {
    port: own,
    [Symbol.asyncDispose]: async () => {
      proxy.stdin.end();
      await ended;
    },
  };
}
