/** Opens a Hyper-V host: by WinRM or SSH, with one login for all nodes of its cluster. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Credentials, Trust } from '../../src/contracts/credentials.ts';
import type { Connection, ConnectOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { type Address, nameOf, parseAddress } from './address.ts';
import { HypervConnection } from './connection.ts';
import { readMappings } from './disk-files.ts';
import { Hosts, type HostsParts } from './hosts.ts';
import { openSsh } from './ssh/index.ts';
import { openWinrm } from './winrm/index.ts';

const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

/** What can be said before anything is opened. */
export interface Prepared {
  readonly address: Address;
  readonly open: HostsParts['open'];
  readonly connect: (hosts: Hosts) => Connection;
}

/** @throws MigrationError `usage`, `config-invalid`, those of the login, `source-refused` for a host without Hyper-V */
export async function connect(source: string, options: ConnectOptions): Promise<Connection> {
  const prepared = prepare(source, options);
  options.signal.throwIfAborted();
  return prepared.connect(await Hosts.open({ host: prepared.address.host, open: prepared.open }, options.signal));
}

/** @throws MigrationError `usage`, `config-invalid`, `ovf-config-unknown` */
export function prepare(source: string, options: ConnectOptions): Prepared {
  const address = parseAddress(source);
  if (options.configuration !== undefined)
    throw new MigrationError('ovf-config-unknown', 'A Hyper-V host has no deployment configurations', { file: address.host });
  if (options.transport !== undefined) {
    throw new MigrationError('usage', `Disks of Hyper-V are read from shares; --transport ${options.transport} is for vSphere.`);
  }
  const folders = readMappings(options.paths ?? []);
  const credentials = once(() => login(address, options));
  const shares = options.shareCredentials === undefined ? credentials : once(options.shareCredentials);
  const name = nameOf(address);
  return {
    address,
    open: opener(address, options, credentials),
    connect: (hosts) => new HypervConnection({ name, hosts, folders, credentials: shares, clock: CLOCK }),
  };
}

function opener(address: Address, options: ConnectOptions, credentials: () => Promise<Credentials>): HostsParts['open'] {
  const { way, host: first, port, tls, user } = address;
  const { trust, loginMethod, clientCertificate, ssh } = options;
  return async (host, signal) => {
    const trusted = trust === undefined ? {} : { trust: host === first ? trust : unpinned(trust) };
    const parts = { credentials, ...trusted };
    const opened =
      way === 'ssh'
        ? openSsh(
            { host, port, ...(user !== undefined && { user }) },
            { ...parts, ...(ssh !== undefined && { login: ssh }) },
            signal,
          )
        : openWinrm(
            { host, port, tls },
            {
              ...parts,
              ...(loginMethod !== undefined && { loginMethod }),
              ...(clientCertificate !== undefined && { clientCertificate }),
            },
            signal,
          );
    return await opened.catch((error: unknown) => {
      throw host !== first && trust?.thumbprint !== undefined ? aboutPin(error, way) : error;
    });
  };
}

/** A pinned certificate is that of the host of the URL, and says nothing of another node. */
function unpinned({ thumbprint: _pinned, ...others }: Trust): Trust {
  return others;
}

function aboutPin(error: unknown, way: Address['way']): unknown {
  if (!(error instanceof MigrationError) || error.code !== 'source-untrusted') return error;
  const all =
    way === 'ssh'
      ? 'Put the keys of all of them into known_hosts'
      : 'Give the authority, or the certificates of all of them in one file, by --ca-file';
  const hint = `The thumbprint is that of one node. ${all}, or name the node in the URL that has the VM.`;
  return new MigrationError('source-untrusted', error.message, { ...error.place, hint, cause: error });
}

/** @throws MigrationError `credentials-missing` */
async function login(address: Address, { credentials }: ConnectOptions): Promise<Credentials> {
  if (credentials !== undefined) return await credentials(nameOf(address), address.user);
  throw new MigrationError('credentials-missing', `${address.host} needs a login`);
}

/** Nobody is asked twice; a failure is remembered too. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
