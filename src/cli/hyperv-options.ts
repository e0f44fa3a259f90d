/** The options about Hyper-V hosts: how to log in, and where the files of their disks are found from here. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ClientCertificate, SshLogin } from '../contracts/credentials.ts';
import type { ConnectOptions, LoginMethod, PathMapping } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';
import { type CredentialSources, readCredentials, readSecret } from './credentials.ts';

export interface HypervFlags {
  readonly login?: LoginMethod;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly sshKey?: string;
  readonly pathMap?: readonly PathMapping[];
  readonly shareUser?: string;
}

/** Options of other sources that mean nothing here. */
export interface ServerFlags {
  readonly config?: string;
  readonly transport?: 'range' | 'lease' | 'vddk';
  readonly vddkLibdir?: string;
  readonly caFile?: string;
}

export const HYPERV_GROUP = 'Hyper-V (experimental):';

const LOGINS = ['basic', 'ntlm', 'kerberos', 'certificate'] as const satisfies readonly LoginMethod[];
const SCHEME = /^hyperv(\+ssh)?:\/\//i;
const PASSPHRASE = { password: 'KUBEFERRY_KEY_PASSPHRASE', file: 'KUBEFERRY_KEY_PASSPHRASE_FILE' };

export function addHypervOptions(command: Command): Command {
  const option = (flags: string, text: string): Option => new Option(flags, text).helpGroup(HYPERV_GROUP);
  return command
    .addOption(option('--login <way>', 'the only way to log in that is wanted (default: the strongest on offer)').choices(LOGINS))
    .addOption(option('--client-certificate <file>', 'certificate that stands for the user (PEM); with --client-key'))
    .addOption(option('--client-key <file>', 'its private key (PEM); KUBEFERRY_KEY_PASSPHRASE where it is encrypted'))
    .addOption(option('--ssh-key <file>', 'private key for hyperv+ssh://, beside those of an agent; the same passphrase'))
    .addOption(
      option(
        '--path-map <from=to>',
        'where files of the host are found from here: C:\\VMs=\\\\server\\share (or =smb://server:port/share), or =/mnt/vms where it is mounted; repeatable',
      ).argParser((text, earlier: readonly PathMapping[] = []) => [...earlier, parsePathMap(text)]),
    )
    .addOption(
      option('--share-user <user>', 'login to the shares, where it is another one; password by KUBEFERRY_SHARE_PASSWORD(_FILE)'),
    );
}

/** @throws MigrationError `usage` for an option that only Hyper-V has */
export function requireHyperv(source: string, option: string): void {
  if (!SCHEME.test(source)) throw new MigrationError('usage', `${option} is for hyperv:// and hyperv+ssh:// sources only.`);
}

/**
 * What a Hyper-V source is opened with; nothing for other sources.
 * @throws MigrationError `usage` for options that do not go together, `config-invalid` for files that are not what they should be,
 * `credentials-missing`
 */
export async function hypervOptions(
  source: string,
  flags: HypervFlags & ServerFlags,
  { sources, signal }: { readonly sources: CredentialSources; readonly signal: AbortSignal },
): Promise<Partial<ConnectOptions>> {
  const scheme = SCHEME.exec(source);
  requireFitting(source, flags);
  if (scheme === null) return {};
  const bySsh = scheme[1] !== undefined;
  const certificate = await readCertificate(flags, sources);
  const loginMethod = flags.login ?? (certificate === undefined ? undefined : 'certificate');
  const { pathMap, shareUser = sources.environment['KUBEFERRY_SHARE_USER'] } = flags;
  return {
    ...(loginMethod !== undefined && { loginMethod }),
    ...(certificate !== undefined && { clientCertificate: certificate }),
    ...(bySsh && { ssh: await readSshLogin(flags, sources) }),
    ...(pathMap !== undefined && { paths: pathMap }),
    ...(shareUser !== undefined && {
      shareCredentials: () =>
        readCredentials(sources, { source: `the shares of ${hostOf(source)}`, user: shareUser, of: 'share', signal }),
    }),
  };
}

/** Before anything is opened. */
function requireFitting(source: string, flags: HypervFlags & ServerFlags): void {
  const given = (names: readonly (keyof (HypervFlags & ServerFlags))[]): string | undefined => {
    const found = names.find((name) => flags[name] !== undefined);
    return found && `--${found.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  };
  const refuse = (why: string): never => {
    throw new MigrationError('usage', why);
  };
  const own = given(['login', 'clientCertificate', 'clientKey', 'sshKey', 'pathMap', 'shareUser']);
  const scheme = SCHEME.exec(source);
  if (scheme === null) {
    if (own !== undefined) requireHyperv(source, own);
    return;
  }
  const foreign = given(['config', 'transport', 'vddkLibdir']);
  if (foreign !== undefined) refuse(`${foreign} means nothing to a Hyper-V host.`);
  if (scheme[1] !== undefined) {
    const winrm = given(['login', 'clientCertificate', 'clientKey']);
    if (winrm !== undefined) refuse(`${winrm} is for hyperv://; by SSH a key (--ssh-key, an agent) or the password logs in.`);
    if (flags.caFile !== undefined)
      refuse('--ca-file is for certificates; an SSH host is known by known_hosts, or by --thumbprint.');
    return;
  }
  if (flags.sshKey !== undefined) refuse('--ssh-key is for hyperv+ssh:// sources.');
  if ((flags.clientCertificate === undefined) !== (flags.clientKey === undefined))
    refuse('--client-certificate and --client-key go together.');
  if (flags.login === 'certificate' && flags.clientCertificate === undefined)
    refuse('--login certificate needs --client-certificate and --client-key.');
  if (flags.login !== undefined && flags.login !== 'certificate' && flags.clientCertificate !== undefined)
    refuse(`--login ${flags.login} does not use a certificate: leave --client-certificate out.`);
}

/**
 * `FROM=TO`, split at the last `=` with a Windows path or share on its left and a share or absolute path on its right. Shells eat backslashes:
 * slashes are taken for them in `C:/VMs` and `//server/share`.
 */
export function parsePathMap(text: string): PathMapping {
  for (let at = text.lastIndexOf('='); at > 0; at = text.lastIndexOf('=', at - 1)) {
    const from = windowsPath(text.slice(0, at));
    const to = text.slice(at + 1);
    const isPlain = /^smb:\/\/[^/]+\/./i.test(to) || (to.startsWith('/') && !to.startsWith('//'));
    const place = isPlain ? to : share(to);
    if (from !== undefined && place !== undefined) return { from, to: place };
  }
  throw new InvalidArgumentError(
    'A folder of the host, and where it is from here: C:\\VMs=\\\\server\\share or C:\\VMs=/mnt/vms',
  );
}

function windowsPath(text: string): string | undefined {
  // No name of Windows holds a slash.
  return /^[a-z]:(\\[^/]*|\/.*)$/is.test(text) ? text.replaceAll('/', '\\') : share(text);
}

/** `\\server\share`, and perhaps folders. */
function share(text: string): string | undefined {
  const path = text.startsWith('//') ? text.replaceAll('/', '\\') : text;
  return /^\\\\[^\\/]+\\[^\\/]+(\\[^/]*)?$/.test(path) ? path : undefined;
}

async function readCertificate(flags: HypervFlags, sources: CredentialSources): Promise<ClientCertificate | undefined> {
  const { clientCertificate, clientKey } = flags;
  if (clientCertificate === undefined || clientKey === undefined) return undefined;
  const certificate = await readPem(clientCertificate, '--client-certificate');
  const keyText = await readPem(clientKey, '--client-key');
  const passphrase = await readSecret(sources, PASSPHRASE);
  const shown = parse(
    () => new X509Certificate(certificate),
    '--client-certificate holds no certificate in PEM form',
    clientCertificate,
  );
  const key = parse(() => readKey(keyText, passphrase), '--client-key holds no private key that can be read', clientKey);
  if (!shown.checkPrivateKey(key)) {
    throw new MigrationError('config-invalid', '--client-key is not the key of --client-certificate', { file: clientKey });
  }
  return { certificate, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function readKey(key: string, passphrase: string | undefined): KeyObject {
  return createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
}

/** What OpenSSH's own client would know: keys of an agent, and those of hosts. */
async function readSshLogin({ sshKey }: HypervFlags, sources: CredentialSources): Promise<SshLogin> {
  const { HOME: home, SSH_AUTH_SOCK: agent } = sources.environment;
  const files = home === undefined ? [] : [`${home}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'];
  const known = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  const passphrase = sshKey === undefined ? undefined : await readSecret(sources, PASSPHRASE);
  return {
    ...(sshKey !== undefined && { privateKey: await readPem(sshKey, '--ssh-key') }),
    ...(passphrase !== undefined && { passphrase }),
    ...(agent !== undefined && agent !== '' && { agent }),
    knownHosts: known.join('\n'),
  };
}

async function readPem(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new MigrationError('config-invalid', `${option} cannot be read`, { file, cause });
  }
}

function parse<T>(read: () => T, what: string, file: string): T {
  try {
    return read();
  } catch {
    // The parser's own words may quote what it read.
    throw new MigrationError('config-invalid', what, { file, hint: 'Where it is encrypted: KUBEFERRY_KEY_PASSPHRASE(_FILE).' });
  }
}

function hostOf(source: string): string {
  return source.replace(SCHEME, '').replace(/^[^@]*@/, '');
}
