/** An HTTPS server that answers as it is told, for what a real API server does only in bad times. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { selfSigned } from '../peers/certificate.ts';
import { kubeconfig } from '../peers/kubeconfig.ts';

export interface OddServer extends AsyncDisposable {
  readonly kubeconfig: string;
}

export async function startOddServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<OddServer> {
  const { certificate, key } = selfSigned();
  const server = createServer({ cert: certificate, key }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    kubeconfig: kubeconfig({ url: `https://127.0.0.1:${port}`, ca: certificate, token: 'a-token' }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
