/** Whom we talk to: judged before anything of ours, and with it a login, leaves. */
import type ssh2 from 'ssh2';
import type { SshLogin, Trust } from '../../../src/contracts/credentials.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { fingerprintOf, knownKeys, parseFingerprint, typeOf } from './known-hosts.ts';

export interface HostKeyJudge {
  /** Algorithms in the order in which they are offered: those of known keys come first, so that the host shows one of these. */
  readonly algorithms: readonly ssh2.ServerHostKeyAlgorithm[];
  /** Undefined for a key that is trusted. */
  trouble(key: Buffer): MigrationError | undefined;
}

/** A key for RSA signs in several ways; the one with SHA-1 is not wanted from anybody. */
const ALGORITHMS: readonly ssh2.ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** @throws MigrationError `usage` for a thumbprint that is none */
export function judgeHostKey(
  place: { readonly host: string; readonly port: number },
  { thumbprint, insecure }: Trust,
  { knownHosts = '' }: Pick<SshLogin, 'knownHosts'>,
): HostKeyJudge {
  const { host } = place;
  if (thumbprint !== undefined) {
    const pin = parseFingerprint(thumbprint);
    return { algorithms: ALGORITHMS, trouble: (key) => (fingerprintOf(key) === pin ? undefined : other(host, key)) };
  }
  if (insecure === true) return { algorithms: ALGORITHMS, trouble: () => undefined };
  const { known, revoked } = knownKeys(knownHosts, place);
  const types = new Set(known.map(typeOf));
  const isKnown = (algorithm: string): boolean => types.has(algorithm.replace(/^rsa-sha2-.*$/, 'ssh-rsa'));
  return {
    algorithms: ALGORITHMS.toSorted((a, b) => Number(isKnown(b)) - Number(isKnown(a))),
    trouble: (key) => {
      if (revoked.some((one) => one.equals(key))) {
        return new MigrationError(
          'source-untrusted',
          `The key that ${host} shows is revoked in known_hosts (${fingerprintOf(key)})`,
        );
      }
      if (known.some((one) => one.equals(key))) return undefined;
      return known.length > 0 ? other(host, key) : unknown(place, key);
    },
  };
}

function other(host: string, key: Buffer): MigrationError {
  return new MigrationError('source-untrusted', `The key of ${host} is not the expected one: it shows ${fingerprintOf(key)}`, {
    hint: 'If the host was installed anew, compare the key there (ssh-keygen -l) and name the new one. If not, somebody is in between.',
  });
}

function unknown({ host, port }: { readonly host: string; readonly port: number }, key: Buffer): MigrationError {
  return new MigrationError('source-untrusted', `Nobody vouches for the key of ${host}: ${fingerprintOf(key)}`, {
    hint: `Compare it on the host (ssh-keygen -lf C:\\ProgramData\\ssh\\ssh_host_ed25519_key.pub), then give it by --thumbprint, or connect once with ssh -p ${port} so that known_hosts has it.`,
  });
}
