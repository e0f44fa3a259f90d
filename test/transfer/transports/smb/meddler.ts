/** Somebody between a client and an SMB server, who passes messages on, changes them, holds them back or cuts the line. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What becomes of a message: it is passed on, replaced, swallowed, or the line is cut. */
export type Fate = 'pass' | 'swallow' | 'cut' | Buffer;

export interface MeddlerOptions {
  readonly port: number;
  /** Called for each message without its four bytes of length. */
  readonly onAnswer?: (message: Buffer, about: About) => Fate;
  readonly onRequest?: (message: Buffer, about: About) => Fate;
}

export interface About {
  /** Connections so far, this one included. */
  readonly connection: number;
  /** Messages in this direction of the connection so far, this one included. */
  readonly count: number;
}

export interface Meddler extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
  /** Cuts all lines that are there now. */
  cut(): void;
}

export async function meddle({ port, onAnswer, onRequest }: MeddlerOptions): Promise<Meddler> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const connection = connections;
    const upstream = connect(port, '127.0.0.1');
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    const pass = (from: Socket, to: Socket, decide: MeddlerOptions['onAnswer']): void => {
      let count = 0;
      eachMessage(from, (message) => {
        count += 1;
        const fate = decide?.(message, { connection, count }) ?? 'pass';
        if (fate === 'cut') cut();
        else if (fate !== 'swallow') to.write(framed(fate === 'pass' ? message : fate));
      });
    };
    pass(client, upstream, onRequest);
    pass(upstream, client, onAnswer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function eachMessage(socket: Socket, take: (message: Buffer) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 4) {
      const end = 4 + pending.readUInt32BE(0);
      if (pending.length < end) return;
      take(Buffer.from(pending.subarray(4, end)));
      pending = pending.subarray(end);
    }
  });
}

function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

export const READ = 8;
const PENDING = 0x103;

/** Whether it is the last word on a request of this command. */
export function isAnswerTo(command: number, message: Buffer): boolean {
  return message.readUInt32LE(0) === 0x424d_53fe && message.readUInt16LE(12) === command && message.readUInt32LE(8) !== PENDING;
}
