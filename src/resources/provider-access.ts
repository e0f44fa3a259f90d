/** What the spec and the Secret of a Provider say of opening its source: the same to the operator and to a worker. */
import { WORKER_PATHS } from '../model/worker-paths.ts';
import type { ProviderSpec } from './provider.ts';

/** Texts of a Secret by their keys. */
type Secret = Readonly<Record<string, string | undefined>>;

/** Keys of a Secret that mean something. `ssh-privatekey` is that of the type kubernetes.io/ssh-auth, `tls.…` those of kubernetes.io/tls. */
export const LOGIN_KEYS = [
  'user',
  'password',
  'ca.crt',
  'thumbprint',
  'tls.crt',
  'tls.key',
  'share-user',
  'share-password',
  'ssh-privatekey',
  'ssh-passphrase',
  'known_hosts',
] as const;

export interface SecretLogin {
  readonly credentials?: { readonly user: string; readonly password: string };
  readonly trust: { readonly ca?: string; readonly thumbprint?: string };
  readonly clientCertificate?: { readonly certificate: string; readonly key: string };
  readonly shareCredentials?: { readonly user: string; readonly password: string };
  readonly ssh?: {
    readonly user?: string;
    readonly privateKey?: string;
    readonly passphrase?: string;
    readonly knownHosts?: string;
  };
}

export function readSecretLogin(secret: Secret): SecretLogin {
  // Editors and `echo` end files with a line end.
  const text = (key: (typeof LOGIN_KEYS)[number]): string | undefined => secret[key]?.replace(/\r?\n$/, '');
  const [user, password, ca, thumbprint] = [text('user'), text('password'), text('ca.crt'), text('thumbprint')];
  const [certificate, key] = [text('tls.crt'), text('tls.key')];
  const [shareUser, sharePassword] = [text('share-user'), text('share-password')];
  // A private key ends with a line end.
  const [privateKey, passphrase, knownHosts] = [secret['ssh-privatekey'], text('ssh-passphrase'), secret['known_hosts']];
  const bySsh = privateKey !== undefined || knownHosts !== undefined;
  return {
    ...(user !== undefined && password !== undefined && { credentials: { user, password } }),
    trust: { ...(ca !== undefined && { ca }), ...(thumbprint !== undefined && { thumbprint }) },
    ...(certificate !== undefined && key !== undefined && { clientCertificate: { certificate, key } }),
    ...(shareUser !== undefined &&
      sharePassword !== undefined && { shareCredentials: { user: shareUser, password: sharePassword } }),
    ...(bySsh && {
      ssh: {
        ...(user !== undefined && { user }),
        ...(privateKey !== undefined && { privateKey }),
        ...(passphrase !== undefined && { passphrase }),
        ...(knownHosts !== undefined && { knownHosts }),
      },
    }),
  };
}

/** The Secret that holds a login. */
export function secretTexts({
  credentials,
  trust,
  clientCertificate,
  shareCredentials,
  ssh,
}: SecretLogin): Record<string, string> {
  const texts: Partial<Record<(typeof LOGIN_KEYS)[number], string | undefined>> = {
    user: credentials?.user ?? ssh?.user,
    password: credentials?.password,
    'ca.crt': trust.ca,
    thumbprint: trust.thumbprint,
    'tls.crt': clientCertificate?.certificate,
    'tls.key': clientCertificate?.key,
    'share-user': shareCredentials?.user,
    'share-password': shareCredentials?.password,
    'ssh-privatekey': ssh?.privateKey,
    'ssh-passphrase': ssh?.passphrase,
    known_hosts: ssh?.knownHosts,
  };
  return Object.fromEntries(Object.entries(texts).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])));
}

/** Whether anything in it lets somebody in. */
export function letsIn({ credentials, clientCertificate, ssh }: SecretLogin): boolean {
  return (
    credentials !== undefined || clientCertificate !== undefined || (ssh?.privateKey !== undefined && ssh.user !== undefined)
  );
}

interface Server extends Pick<ProviderSpec, 'insecure' | 'transport' | 'loginMethod' | 'paths'> {}

/** Options to open the source with, as every provider takes them. */
export function accessOptions({ insecure, transport, loginMethod, paths }: Server, login: SecretLogin) {
  const { credentials, trust, clientCertificate, shareCredentials, ssh } = login;
  const way = loginMethod ?? (clientCertificate === undefined ? undefined : 'certificate');
  return {
    ...(credentials !== undefined && { credentials: () => Promise.resolve(credentials) }),
    trust: { ...trust, ...(insecure && { insecure }) },
    ...(transport !== 'auto' && { transport }),
    ...(way !== undefined && { loginMethod: way }),
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(shareCredentials !== undefined && { shareCredentials: () => Promise.resolve(shareCredentials) }),
    ...(ssh !== undefined && { ssh }),
    ...(paths !== undefined && { paths: pathMappings(paths) }),
  };
}

type Paths = NonNullable<ProviderSpec['paths']>;

/** As workers see the folders: claims are mounted at places of their own. */
function pathMappings(paths: Paths): readonly { readonly from: string; readonly to: string }[] {
  return paths.map(({ from, share, claim, folder }) => {
    if (share !== undefined) return { from, to: share };
    return { from, to: [`${WORKER_PATHS.shares}/${claim}`, ...(folder === undefined ? [] : [folder])].join('/') };
  });
}
