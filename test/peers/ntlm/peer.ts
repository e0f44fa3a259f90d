/**
 * Starts winrm.py: a WinRM service whose NTLM is Debian's gss-ntlmssp. It proves that our logins, seals and channel bindings are those of somebody
 * else's reading of the specification; it does not prove what Windows makes of our envelopes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type PeerCertificate, selfSigned } from '../certificate.ts';

export interface NtlmPeerOptions {
  /** `DOMAIN:user:password`. */
  readonly accounts: readonly string[];
  readonly tls?: boolean;
  /** PEM of who signs certificates of clients. */
  readonly authority?: string;
  /** Application data that logins have to be bound to, made of the certificate that the peer shows. */
  readonly bindings?: (certificate: PeerCertificate) => Buffer;
  readonly basic?: string;
  readonly spnego?: boolean;
  readonly seconds?: number;
  readonly piece?: number;
  readonly forgets?: number;
  /** Where the keys of its Kerberos service are: environment of a `Kdc`. */
  readonly kerberos?: Readonly<Record<string, string>>;
}

export interface NtlmPeer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly certificate: PeerCertificate;
  /** What GSSAPI said of logins that it refused. */
  readonly refusals: () => string;
}

const PROGRAM = join(import.meta.dirname, 'winrm.py');
/** Debian's own: the modules belong to it and to no other. */
const PYTHON = '/usr/bin/python3';

export async function startNtlmPeer(options: NtlmPeerOptions): Promise<NtlmPeer> {
  const { accounts, tls, authority, bindings, kerberos, ...settings } = options;
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-ntlm-'));
  const certificate = selfSigned();
  const files = {
    accounts: join(folder, 'accounts'),
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
  };
  await writeFile(files.accounts, `${accounts.join('\n')}\n`);
  await writeFile(files.certificate, certificate.certificate);
  await writeFile(files.key, certificate.key, { mode: 0o600 });
  if (authority !== undefined) await writeFile(join(folder, 'authority.pem'), authority);

  const peer = spawn(PYTHON, [PROGRAM], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...kerberos,
      NTLM_USER_FILE: files.accounts,
      NETBIOS_COMPUTER_NAME: 'PEER',
      NETBIOS_DOMAIN_NAME: 'PEERDOMAIN',
    },
  });
  let said = '';
  peer.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  peer.stdin.write(
    `${JSON.stringify({
      ...settings,
      ...(tls === true && {
        tls: {
          certificate: files.certificate,
          key: files.key,
          ...(authority !== undefined && { authority: join(folder, 'authority.pem') }),
        },
      }),
      ...(bindings !== undefined && { bindings: bindings(certificate).toString('hex') }),
    })}\n`,
  );
  const closed = once(peer, 'close');
  const stop = async (): Promise<void> => {
    peer.stdin.end();
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
  const lines = createInterface(peer.stdout);
  const [line] = await Promise.race([once(lines, 'line'), closed.then(() => [undefined])]);
  if (line === undefined) {
    await stop();
    throw new Error(`The NTLM peer does not run: install gss-ntlmssp and python3-gssapi. ${said}`);
  }
  return { host: '127.0.0.1', port: Number(line), certificate, refusals: () => said, [Symbol.asyncDispose]: stop };
}
