/** A simulated vCenter and a connection of ours to it. */
import type { TestContext } from 'node:test';
import { vsphereProvider } from '../../../providers/vsphere/index.ts';
import type { Connection, ConnectOptions } from '../../../src/contracts/provider.ts';
import type { SourceVm } from '../../../src/model/vm.ts';
import { type ServerAddress, startVcsim, type Vcsim, type VcsimOptions } from '../../peers/vcsim.ts';

export function live(): AbortSignal {
  return new AbortController().signal;
}

export function optionsFor(server: ServerAddress): ConnectOptions {
  return {
    signal: live(),
    credentials: async () => ({ user: server.username, password: server.password }),
    trust: { thumbprint: server.thumbprint.sha256 },
  };
}

export function sourceOf({ host, port }: ServerAddress): string {
  return `vsphere://${host}:${port}`;
}

export async function connectTo(server: ServerAddress): Promise<Connection> {
  return await vsphereProvider.connect(sourceOf(server), optionsFor(server));
}

export async function simulate(
  t: TestContext,
  options: VcsimOptions = {},
): Promise<{ readonly server: Vcsim; readonly connection: Connection }> {
  const server = await startVcsim(options);
  t.after(async () => await server[Symbol.asyncDispose]());
  const connection = await connectTo(server);
  t.after(async () => await connection[Symbol.asyncDispose]());
  return { server, connection };
}

export async function vmNamed(connection: Connection, name: string): Promise<SourceVm> {
  for await (const vm of connection.vms(live())) if (vm.name === name) return vm;
  throw new Error(`no VM ${name}`);
}
