import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_MS = 10_000;

/** Waits until somebody listens at the port on loopback. @throws Error naming the program when nobody does in time */
export async function listening(port: number, program: string): Promise<void> {
  const end = performance.now() + READY_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (cause) {
      if (performance.now() > end) throw new Error(`${program} does not listen`, { cause });
      await sleep(10);
    } finally {
      socket.destroy();
    }
  }
}
