/** Opens a vSphere server, or tests the way to it. */

import type { Credentials } from '../../src/contracts/credentials.ts';
import type { Check, Connection, ConnectOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { type Address, parseAddress } from './address.ts';
import { VsphereConnection } from './connection.ts';
import { diagnose } from './diagnose.ts';
import { Http } from './http.ts';
import { Session } from './session.ts';

/** @throws MigrationError `ovf-config-unknown`, and what `Session.open` throws */
export async function connect(source: string, options: ConnectOptions): Promise<Connection> {
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
}

export function test(source: string, options: ConnectOptions): AsyncIterable<Check> {
  return diagnose(source, { ...options, login: loginOf(parseAddress(source), options) });
}

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
