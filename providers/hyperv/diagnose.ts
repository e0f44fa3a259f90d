/** `kubeferry doctor hyperv://…`: every link from the name to the bytes, each with what was found and what to do. */
import type { Check, DiagnoseOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { attempt, type Finding } from '../../src/net/check.ts';
import { lookAtCertificate, reach, resolveName } from '../../src/net/first-links.ts';
import type { Address } from './address.ts';
import { tryCheckpoint } from './diagnose-checkpoint.ts';
import { lookAtHost } from './diagnose-host.ts';
import { diagnoseMigration } from './diagnose-migration.ts';
import { Hosts } from './hosts.ts';
import { prepare } from './open.ts';
import type { Remote } from './remote.ts';
import { Connection as WinrmConnection } from './winrm/connection.ts';

const PATIENCE_MS = 20_000;

/** What to type into an elevated PowerShell of the host, by the link that is broken. */
const REMEDY = {
  https:
    'On the host: Enable-PSRemoting -Force; then an HTTPS listener: New-Item WSMan:\\localhost\\Listener -Transport HTTPS -Address * -CertificateThumbPrint … -Force; New-NetFirewallRule -DisplayName WinRM-HTTPS -Direction Inbound -LocalPort 5986 -Protocol TCP -Action Allow. Or use port 5985, where NTLM seals each message.',
  http: 'On the host: Enable-PSRemoting -Force, and let TCP 5985 in.',
  ssh: 'On the host: Add-WindowsCapability -Online -Name OpenSSH.Server~~~~0.0.1.0; Start-Service sshd; Set-Service sshd -StartupType Automatic; and let TCP 22 in.',
  login:
    'Check user (HOST\\user, DOMAIN\\user or user@domain) and password. A local account other than the built-in Administrator also needs, on the host: New-ItemProperty -Path HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System -Name LocalAccountTokenFilterPolicy -Value 1 -PropertyType DWord.',
  basic: 'On the host, over HTTPS only: Set-Item WSMan:\\localhost\\Service\\Auth\\Basic $true. Or leave --login out.',
  negotiate:
    'On the host: Set-Item WSMan:\\localhost\\Service\\Auth\\Negotiate $true. Over HTTPS, Basic or a certificate do too.',
  certificate:
    'On the host: Set-Item WSMan:\\localhost\\Service\\Auth\\Certificate $true, and map the certificate to a local account: New-Item WSMan:\\localhost\\ClientCertificate -Subject … -URI * -Issuer … -Credential ….',
} as const;

export async function* diagnose(source: string, options: DiagnoseOptions): AsyncGenerator<Check> {
  const { signal } = options;
  const prepared = prepare(source, options);
  const { address } = prepared;
  const { host, port, tls, way } = address;
  const closed = way === 'ssh' ? REMEDY.ssh : tls ? REMEDY.https : REMEDY.http;
  const steps = [
    () => attempt({ id: 'dns', label: `Name ${host}` }, signal, () => resolveName(host)),
    () => attempt({ id: 'tcp', label: `TCP port ${port}` }, signal, () => advising(closed, () => reach(host, port, signal))),
    ...(tls
      ? [() => attempt({ id: 'certificate', label: 'TLS certificate' }, signal, () => lookAtCertificate(host, port, signal))]
      : []),
  ];
  for (const step of steps) {
    const check = await step();
    yield check;
    if (check.outcome === 'failed') return;
  }
  if (way === 'winrm') {
    const greeting = await greet(address, options);
    yield* greeting;
    if (greeting.some(({ outcome }) => outcome === 'failed')) return;
  }
  let first: Remote | undefined;
  yield await attempt({ id: 'login', label: 'Login' }, signal, async () => {
    const work = () => prepared.open(host, signal);
    first = way === 'ssh' ? await work() : await advising(loginTodo(options), work, 'source-login-failed');
    return admitted(address, options);
  });
  if (first === undefined) return;
  const opened = first;
  let isFine = false;
  try {
    isFine = yield* lookAtHost(opened, signal);
  } finally {
    if (!isFine) await opened[Symbol.asyncDispose]();
  }
  if (!isFine) return;
  // The session that is open is the first host's; nobody logs in there twice.
  const open: typeof prepared.open = async (name, within) => (name === host ? opened : await prepared.open(name, within));
  await using hosts = await Hosts.open({ host, open }, signal);
  const patient = { hosts, connection: prepared.connect(hosts), options };
  const vms = yield* diagnoseMigration(patient, signal);
  if (options.tryCheckpoint !== undefined) yield* tryCheckpoint(patient, vms, signal);
}

/** Says what to do, in place of what is said to everybody; with `code` only of that trouble. */
async function advising<T>(todo: string, work: () => Promise<T>, code?: string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MigrationError) || (code !== undefined && error.code !== code)) throw error;
    throw new MigrationError(error.code, error.message, { hint: todo, cause: error });
  }
}

/** One request without a login: it checks the certificate for real, and the service says which logins it takes. */
async function greet(place: Address, options: DiagnoseOptions): Promise<readonly Check[]> {
  const { signal, trust, loginMethod } = options;
  let offers: readonly string[] = [];
  const trusted = await attempt({ id: 'tls', label: 'Trust' }, signal, async () => {
    const connection = new WinrmConnection(place, { ...(trust !== undefined && { trust }), patience: PATIENCE_MS });
    try {
      const { challenges } = await connection.post({}, Buffer.alloc(0), signal);
      offers = challenges.map((challenge) => challenge.split(' ', 1)[0] ?? '');
    } finally {
      await connection.close();
    }
    if (!place.tls) return 'no certificate: NTLM proves host and user to each other, and seals each message';
    if (trust?.insecure !== true || trust.thumbprint !== undefined)
      return trust?.thumbprint === undefined ? 'the authority is known' : 'the thumbprint is the given one';
    return { outcome: 'warning', finding: 'not checked', todo: 'Leave --insecure out; give --ca-file or --thumbprint.' };
  });
  if (trusted.outcome === 'failed') return [trusted];
  const has = (scheme: string): boolean => offers.some((offer) => offer.toLowerCase() === scheme);
  const said =
    offers.length === 0 ? 'the service asks for no login; it may be none of WinRM' : `the service takes ${offers.join(', ')}`;
  const about = { id: 'logins', label: 'Ways to log in' };
  const failed = (todo: string): readonly Check[] => [trusted, { ...about, outcome: 'failed', finding: said, todo }];
  if (loginMethod === 'basic' && !has('basic')) return failed(REMEDY.basic);
  // A certificate is not announced, and Kerberos has a name of its own.
  if (loginMethod === 'certificate' || loginMethod === 'kerberos') return [trusted, { ...about, outcome: 'ok', finding: said }];
  if (!has('negotiate') && (loginMethod === 'ntlm' || !place.tls || !has('basic'))) return failed(REMEDY.negotiate);
  return [trusted, { ...about, outcome: 'ok', finding: said }];
}

function admitted({ way, tls }: Address, { trust, loginMethod, ssh }: DiagnoseOptions): Finding {
  if (way === 'winrm')
    return loginMethod === undefined ? `accepted${tls ? '' : ' by ntlm, which seals'}` : `accepted by ${loginMethod}`;
  if (trust?.thumbprint !== undefined) return 'accepted; the host shows the given key';
  if (trust?.insecure === true) {
    return {
      outcome: 'warning',
      finding: 'accepted, but the key of the host is not checked',
      todo: 'Leave --insecure out; give --thumbprint.',
    };
  }
  return ssh?.knownHosts === undefined ? 'accepted' : 'accepted; known_hosts has the key of the host';
}

function loginTodo({ loginMethod }: DiagnoseOptions): string {
  return loginMethod === 'certificate' ? REMEDY.certificate : REMEDY.login;
}
