/** Opens the simulated host (test/peers/hyperv.ts) as a person would. */
import { hypervProvider } from '../../../providers/hyperv/index.ts';
import type { Connection, ConnectOptions } from '../../../src/contracts/provider.ts';
import type { Machine } from '../../peers/hyperv/machine.ts';
import type { Hyperv } from '../../peers/hyperv.ts';

export async function open(hyperv: Hyperv, options: Partial<ConnectOptions> = {}): Promise<Connection> {
  const { url, username: user, password, certificate } = hyperv;
  const credentials = async () => ({ user, password });
  return await hypervProvider.connect(url, { credentials, trust: { ca: certificate.certificate }, signal: live(), ...options });
}

export function live(): AbortSignal {
  return new AbortController().signal;
}

export function refOf({ id, facts }: Machine): { readonly id: string; readonly name: string } {
  return { id, name: facts.name };
}
