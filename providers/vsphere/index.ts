/**
 * vCenter and standalone ESXi.
 *
 *   index ─► connection ─► inventory/ (what is read, and how it becomes facts; pure but for its readers)
 *                │    └──► snapshots, changes, power, watch, diagnose, open-disk and access (where bytes are, how they are opened)
 *                ▼
 *            session ─► vim/ (the API on the wire: calls through `soap`, bulk reading as a stream)
 *                └────► http (one pool, one place that checks certificates)
 *
 * Facts only: what a fact means for a migration is judged elsewhere. Bytes of disks are not moved here.
 */
import type { Credentials } from '../../src/contracts/credentials.ts';
import type { ConnectOptions, Provider } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { type Address, isVsphereUrl, parseAddress } from './address.ts';
import { VsphereConnection } from './connection.ts';
import { diagnose } from './diagnose.ts';
import { Http } from './http.ts';
import { Session } from './session.ts';

export const vsphereProvider: Provider = {
  kind: 'vsphere',
  claims: isVsphereUrl,
  connect: async (source: string, options: ConnectOptions) => {
    const address = parseAddress(source);
    options.signal.throwIfAborted();
    if (options.configuration !== undefined) {
      throw new MigrationError('ovf-config-unknown', 'A vSphere server has no deployment configurations', { file: address.host });
    }
    const credentials = loginOf(address, options);
    const http = new Http(address, options.trust);
    try {
      const session = await Session.open({ http, credentials }, options.signal);
      const { trust, transport } = options;
      return new VsphereConnection({ address, http, session, credentials, trust, transport });
    } catch (error) {
      await http[Symbol.asyncDispose]();
      throw error;
    }
  },
  diagnose: (source, options) => diagnose(source, { ...options, login: loginOf(parseAddress(source), options) }),
};

function loginOf({ host, user }: Address, { credentials }: ConnectOptions): () => Promise<Credentials> {
  return once(async () => {
    if (credentials !== undefined) return await credentials(`vsphere://${host}`, user);
    throw new MigrationError('credentials-missing', `${host} needs a login`);
  });
}

/** Nobody is asked twice; a failure is remembered too. */
function once(ask: () => Promise<Credentials>): () => Promise<Credentials> {
  let asked: Promise<Credentials> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
