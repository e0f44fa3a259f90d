/** Thumbprints of certificates: how a server without a known authority is told from one that pretends to be it. */
import { MigrationError } from './errors.ts';

/** Lower-case hexadecimal digits without separators: 64 of a SHA-256, or 40 of a SHA-1. */
export type Thumbprint = string & { readonly __unit: 'Thumbprint' };

/**
 * Reads a thumbprint with or without colons, spaces and a leading `sha256:`.
 * @throws MigrationError `usage` for text that is none
 */
export function parseThumbprint(text: string): Thumbprint {
  const digits = bare(text.replace(/^sha-?(1|256)[:=]/i, ''));
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digits)) {
    throw new MigrationError('usage', 'A thumbprint has 64 (SHA-256) or 40 (SHA-1) hexadecimal digits');
  }
  return digits as Thumbprint;
}

/** As people compare it: upper-case pairs with colons. */
export function formatThumbprint(digits: string): string {
  return digits.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
}

/** The two fingerprints of a certificate, as Node's X509Certificate gives them. */
export interface Fingerprints {
  readonly fingerprint256: string;
  /** SHA-1. */
  readonly fingerprint: string;
}

/** SHA-256 and SHA-1 of a certificate; empty when the peer showed none. */
export function thumbprintsOf(shown: Fingerprints | undefined): readonly Thumbprint[] {
  return shown === undefined ? [] : [shown.fingerprint256, shown.fingerprint].map((text) => bare(text) as Thumbprint);
}

/** What is wrong with the certificate that `host` showed, where `expected` alone decides; undefined when nothing is. */
export function thumbprintTrouble(
  host: string,
  expected: Thumbprint,
  shown: Fingerprints | undefined,
): MigrationError | undefined {
  const found = thumbprintsOf(shown);
  if (found.includes(expected)) return undefined;
  const [sha256] = found;
  const what = sha256 === undefined ? 'it showed none' : `its SHA-256 is ${formatThumbprint(sha256)}`;
  return new MigrationError('source-untrusted', `The certificate of ${host} is not the expected one: ${what}`, {
    hint: 'If the certificate was renewed, compare it on the server and give the new thumbprint. If not, somebody is in between.',
  });
}

function bare(thumbprint: string): string {
  return thumbprint.replaceAll(/[:\s]/g, '').toLowerCase();
}
