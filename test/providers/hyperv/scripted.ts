/** Hosts that answer scripts from a table, for answers that the simulator does not give. */
import { Hosts } from '../../../providers/hyperv/hosts.ts';
import type { Remote } from '../../../providers/hyperv/remote.ts';
import type { ScriptAnswer, ScriptInput, ScriptName } from '../../../providers/hyperv/scripts/contract.ts';
import type { Host } from '../../../providers/hyperv/scripts/host-answer.ts';
import { Whereabouts } from '../../../providers/hyperv/whereabouts.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { live } from './simulated.ts';

export type Answering = (name: ScriptName, input: unknown) => unknown;

/** @param address of each host, and what it answers; those that are not in the table cannot be reached */
export async function scripted(hosts: Readonly<Record<string, Answering>>, first: string) {
  const opened: string[] = [];
  const open = async (host: string): Promise<Remote> => {
    opened.push(host);
    await new Promise((resolve) => setImmediate(resolve));
    const answering = hosts[host];
    if (answering === undefined) throw new MigrationError('source-unreachable', `${host} does not answer`);
    return {
      host,
      run: async <Name extends ScriptName>(name: Name, input: ScriptInput<Name>) =>
        (await answering(name, input)) as ScriptAnswer<Name>,
      [Symbol.asyncDispose]: async () => undefined,
    };
  };
  const known = await Hosts.open({ host: first, open }, live());
  const clock = { now: () => 0, sleep: async () => undefined };
  return { hosts: known, whereabouts: new Whereabouts(known, clock), opened };
}

export function hostFacts(name: string, more: Partial<Host> = {}): Host {
  return {
    name,
    fqdn: `${name.toLowerCase()}.corp`,
    version: '10.0.20348',
    hyperv: true,
    switches: [],
    volumes: [],
    shares: [],
    ...more,
  };
}
