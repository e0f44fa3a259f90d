/** A disk and a server of our own that exports it over TLS, well or badly to order. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { HttpHeaders, SourceAccess } from '../../../../src/contracts/source-access.ts';
import type { LeaseSource } from '../../../../src/model/transfer.ts';
import { selfSigned } from '../../../peers/certificate.ts';
import { MiB, noise } from '../../fixture.ts';
import { buildVmdk } from '../../sparse-vmdk.ts';

export const GRAIN = 64 * 1024;
export const NUMBERS = [0, 1, 2, 17, 40, 63, 64, 100];
export const VMDK = buildVmdk({
  capacity: 128 * 128,
  grains: new Map(NUMBERS.map((number) => [number, noise(`grain ${number}`, GRAIN)])),
  stream: true,
});
export const CAPACITY = 8 * MiB;
export const CONTENT = Buffer.alloc(CAPACITY);
for (const number of NUMBERS) noise(`grain ${number}`, GRAIN).copy(CONTENT, number * GRAIN);

export const SOURCE: LeaseSource = {
  kind: 'lease',
  server: 'https://vcenter.example:443',
  of: { type: 'VirtualMachine', id: 'vm-1' },
  deviceKey: 2000,
  capacity: CAPACITY,
  because: 'the test wants it',
};

export interface Exporter extends AsyncDisposable {
  readonly access: SourceAccess;
  /** What was told to the lease, in order. */
  readonly told: readonly string[];
  readonly asked: readonly HttpHeaders[];
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export async function exporter(behave: Behaviour, trust?: 'wrong'): Promise<Exporter> {
  const tls = selfSigned();
  const server = createServer({ key: tls.key, cert: tls.certificate }, behave);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const told: string[] = [];
  const asked: HttpHeaders[] = [];
  const thumbprint = trust === 'wrong' ? selfSigned().thumbprint.sha1 : tls.thumbprint.sha1;
  return {
    told,
    asked,
    access: {
      headers: async (_, __, refused) => {
        if (refused !== undefined) asked.push(refused);
        return { cookie: refused === undefined ? 'first' : 'second' };
      },
      trust: () => ({}),
      openExport: async () => ({
        url: `https://127.0.0.1:${port}/nfc/disk-0.vmdk`,
        trust: { thumbprint },
        progress: (part) => void (part > 0 && part <= 1 && told.at(-1) !== 'progress' && told.push('progress')),
        complete: async () => void told.push('complete'),
        [Symbol.asyncDispose]: async () => void told.push('end'),
      }),
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
