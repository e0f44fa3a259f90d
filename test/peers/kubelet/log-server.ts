/** The part of a kubelet that the API server asks for logs of Pods: `/containerLogs/<namespace>/<pod>/<container>` over HTTPS. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSigned } from '../certificate.ts';

export interface LogServer extends AsyncDisposable {
  readonly port: number;
}

/** @param logs of a Pod, whole. Its containers are not told apart; of the options only `tailLines` is known. */
export async function serveLogs(logs: (namespace: string, pod: string) => string): Promise<LogServer> {
  const { certificate: cert, key } = selfSigned();
  const server = createServer({ cert, key }, ({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'https://kubelet');
    const [, kind, namespace = '', pod = ''] = pathname.split('/');
    if (kind !== 'containerLogs') {
      response.writeHead(404).end();
      return;
    }
    const lines = logs(namespace, pod).split('\n').slice(0, -1);
    const tail = searchParams.get('tailLines');
    const wanted = tail === null ? lines : lines.slice(-Number(tail));
    response.writeHead(200, { 'content-type': 'text/plain' }).end(wanted.map((line) => `${line}\n`).join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
