/** TCP between a client and a server that can go dumb: open connections stay open and carry nothing any more, as when a firewall forgets them. */
import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';

export interface StallingProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on the connections that there are carry nothing; new ones do. */
  stall(): void;
}

export async function startStallingProxy(target: number): Promise<StallingProxy> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = dial(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stall() {
      for (const socket of open) socket.unpipe().pause();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
