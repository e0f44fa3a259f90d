/** MIT's Kerberos in a folder of its own: a KDC on loopback with one user, who has a ticket, and one service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { listening } from '../listening.ts';

export interface Kdc extends AsyncDisposable {
  /** What makes programs and libraries use it: for the user, and for the service. */
  readonly environment: {
    readonly user: Readonly<Record<string, string>>;
    readonly service: Readonly<Record<string, string>>;
  };
}

const REALM = 'FERRY.TEST';

/** @param service `HTTP/localhost` */
export async function startKdc({
  user,
  password,
  service,
}: Readonly<Record<'user' | 'password' | 'service', string>>): Promise<Kdc> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-kdc-'));
  const at = (name: string): string => join(folder, name);
  const [port = 0] = await freePorts(1);
  await writeFile(at('krb5.conf'), clientSettings(port));
  await writeFile(at('kdc.conf'), serverSettings(port, folder));
  const settings = { KRB5_CONFIG: at('krb5.conf') };
  const environment = { ...process.env, ...settings, KRB5_KDC_PROFILE: at('kdc.conf') };

  await ended(spawn('/usr/sbin/kdb5_util', ['create', '-s', '-r', REALM, '-P', 'of the database'], { env: environment }));
  const orders = [`addprinc -pw ${password} ${user}`, `addprinc -randkey ${service}`, `ktadd -k ${at('keytab')} ${service}`];
  await ended(spawn('/usr/sbin/kadmin.local', [], { env: environment }), `${orders.join('\n')}\n`);

  const kdc = spawn('setpriv', ['--pdeathsig', 'TERM', '/usr/sbin/krb5kdc', '-n'], { env: environment, stdio: 'ignore' });
  const closed = once(kdc, 'close');
  await listening(port, 'krb5kdc');
  const caches = { KRB5CCNAME: `FILE:${at('tickets')}` };
  await ended(spawn('kinit', [user], { env: { ...environment, ...caches } }), `${password}\n`);
  return {
    environment: {
      user: { ...settings, ...caches },
      service: { ...settings, KRB5_KTNAME: `FILE:${at('keytab')}`, KRB5RCACHENAME: `file2:${at('replays')}` },
    },
    async [Symbol.asyncDispose]() {
      kdc.kill('SIGTERM');
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ended(process: ChildProcess, input = ''): Promise<void> {
  let said = '';
  process.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  process.stdin?.end(input);
  const [code] = await once(process, 'close');
  if (code !== 0) throw new Error(`${process.spawnfile} failed: install krb5-kdc, krb5-admin-server and krb5-user. ${said}`);
}

function clientSettings(port: number): string {
  return `[libdefaults]
 default_realm = ${REALM}
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
[realms]
 ${REALM} = {
  kdc = 127.0.0.1:${port}
 }
[domain_realm]
 localhost = ${REALM}
`;
}

function serverSettings(port: number, folder: string): string {
  return `[kdcdefaults]
 kdc_listen = 127.0.0.1:${port}
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 ${REALM} = {
  database_name = ${folder}/principal
  key_stash_file = ${folder}/stash
  acl_file = ${folder}/acl
 }
`;
}
