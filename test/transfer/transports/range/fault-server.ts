/** A file server over TLS that does wrong what it is told to do wrong, and keeps account of what it was asked. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PeerCertificate, selfSigned } from '../../../peers/certificate.ts';

export interface Asked {
  /** 1 for the first request. */
  readonly number: number;
  readonly first: number;
  readonly last: number;
  readonly cookie: string | undefined;
  /** Of the connection's client: two requests of one connection have the same. */
  readonly port: number;
}

/** What happens to one answer, in place of what is right. */
export interface Fault {
  readonly status?: number;
  /** Replace or add to those of a right answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the body after which the connection is reset, ended, or says nothing any more. */
  readonly after?: { readonly bytes: number; readonly by: 'reset' | 'end' | 'silence' };
  /** The connection is reset without an answer. */
  readonly gone?: true;
  /** Milliseconds between pieces of the body, of which there are eight. */
  readonly slowly?: number;
  /** The whole file in place of the range. */
  readonly whole?: true;
  /** Place in the body of a byte that is wrong. */
  readonly flip?: number;
}

export interface FaultServer extends AsyncDisposable {
  readonly url: string;
  readonly certificate: PeerCertificate;
  readonly asked: readonly Asked[];
  /** Most requests that were under way at once. */
  readonly mostAtOnce: number;
  /** Bytes of bodies that were written. */
  readonly written: number;
  /** Decides about each answer; undefined is a right one. May be replaced at any time. */
  fault: (asked: Asked) => Fault | undefined;
  /** Cuts all connections and comes back on the same port after so many milliseconds, which is when this resolves. */
  restart(milliseconds: number): Promise<void>;
}

export const ETAG = '"5f3759df"';

export async function startFaultServer(content: Buffer): Promise<FaultServer> {
  const certificate = selfSigned();
  const asked: Asked[] = [];
  let [atOnce, mostAtOnce, written] = [0, 0, 0];
  const server = createServer({ cert: certificate.certificate, key: certificate.key }, (request, response) => {
    atOnce += 1;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    response.on('close', () => {
      atOnce -= 1;
    });
    const one = account(request, asked.length + 1, content.length);
    asked.push(one);
    const reset = (): unknown => sockets.get(one.port)?.resetAndDestroy();
    written += answer(response, content, one, { reset, ...faultServer.fault(one) });
  });
  // A TLS socket cannot be reset, what it runs on can.
  const sockets = new Map<number, Socket>();
  server.on('connection', (socket: Socket) => sockets.set(socket.remotePort ?? 0, socket));
  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => server.once('error', reject).listen(at, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const faultServer: FaultServer = {
    url: `https://127.0.0.1:${port}/folder/disk-flat.vmdk?dsName=one%20two`,
    certificate,
    asked,
    get mostAtOnce() {
      return mostAtOnce;
    },
    get written() {
      return written;
    },
    fault: () => undefined,
    restart: async (milliseconds) => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets.values()) socket.destroy();
      await closed;
      await sleep(milliseconds);
      await listen(port);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
  return faultServer;
}

function account(request: IncomingMessage, number: number, size: number): Asked {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  return {
    number,
    first: Number(range?.[1] ?? 0),
    last: Math.min(Number(range?.[2] ?? size - 1), size - 1),
    cookie: request.headers.cookie,
    port: request.socket.remotePort ?? 0,
  };
}

/** Returns the bytes of the body. */
function answer(
  response: ServerResponse,
  content: Buffer,
  { first, last }: Asked,
  fault: Fault & { readonly reset: () => unknown },
): number {
  const { status = 206, headers, after, gone, slowly, whole, flip } = fault;
  if (gone) {
    fault.reset();
    return 0;
  }
  const right = whole ? content : content.subarray(first, last + 1);
  const bytes = flip === undefined ? right : Buffer.from(right);
  if (flip !== undefined) bytes[flip] = (bytes[flip] ?? 0) ^ 0x10;
  const body = status < 300 ? bytes : Buffer.from('no\n');
  response.writeHead(status, {
    'content-length': body.length,
    etag: ETAG,
    ...(status === 206 && { 'content-range': `bytes ${first}-${last}/${content.length}` }),
    ...headers,
  });
  if (slowly !== undefined) {
    void drip(response, body, slowly);
    return body.length;
  }
  if (after === undefined || after.bytes >= body.length) {
    response.end(body);
    return body.length;
  }
  response.write(body.subarray(0, after.bytes), () => {
    if (after.by === 'reset') fault.reset();
    if (after.by === 'end') response.socket?.end();
  });
  return after.bytes;
}

async function drip(response: ServerResponse, body: Buffer, milliseconds: number): Promise<void> {
  const piece = Math.ceil(body.length / 8);
  for (let at = 0; at < body.length; at += piece) {
    await sleep(milliseconds);
    response.write(body.subarray(at, at + piece));
  }
  response.end();
}
