/** The .mf file: digests of the package's files. */
import { createHash } from 'node:crypto';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Packaging } from '../../../src/model/packaging.ts';
import { withoutDots } from './href.ts';

export type DigestAlgorithm = NonNullable<Packaging['manifest']>;

export interface Digest {
  readonly algorithm: DigestAlgorithm;
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

/** Digests by file name. */
export type Manifest = ReadonlyMap<string, Digest>;

/** Hexadecimal digits of each algorithm. */
const LENGTHS: Readonly<Record<DigestAlgorithm, number>> = { SHA1: 40, SHA256: 64, SHA512: 128 };

/**
 * Reads `SHA256(disk1.vmdk)= 12ab…` lines (DSP0243 §5.1). Blank lines and spaces around the parts are common.
 * @throws MigrationError `package-manifest-malformed`, with the line
 */
export function parseManifest(text: string, place: { readonly file: string; readonly name: string }): Manifest {
  const digests = new Map<string, Digest>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (line.trim() === '') continue;
    const [, word = '', name = '', hex = ''] =
      /^\s*([A-Za-z0-9-]{1,20})\s*\((.{1,4096})\)\s*=\s*([0-9A-Fa-f]{1,200})\s*$/.exec(line) ?? [];
    const algorithm = algorithmOf(word);
    if (algorithm === undefined || hex.length !== LENGTHS[algorithm])
      throw malformedLine(index, 'is no SHA1, SHA256 or SHA512 digest', place);
    const digest = { algorithm, hex: hex.toLowerCase() };
    const earlier = digests.get(withoutDots(name));
    if (earlier !== undefined && earlier.algorithm === algorithm && earlier.hex !== digest.hex) {
      throw malformedLine(index, 'contradicts an earlier one', place);
    }
    if (earlier === undefined || LENGTHS[earlier.algorithm] < LENGTHS[algorithm]) digests.set(withoutDots(name), digest);
  }
  return digests;
}

function algorithmOf(word: string): DigestAlgorithm | undefined {
  switch (word.toUpperCase().replace('-', '')) {
    case 'SHA1':
      return 'SHA1';
    case 'SHA256':
      return 'SHA256';
    case 'SHA512':
      return 'SHA512';
    default:
      return undefined;
  }
}

function malformedLine(
  index: number,
  what: string,
  { file, name }: { readonly file: string; readonly name: string },
): MigrationError {
  return new MigrationError('package-manifest-malformed', `Line ${index + 1} of the manifest ${what}`, {
    file,
    at: `${name}, line ${index + 1}`,
  });
}

/** @throws MigrationError `package-digest-mismatch` */
export function checkBytes(
  bytes: Buffer,
  { algorithm, hex }: Digest,
  { file, name }: { readonly file: string; readonly name: string },
): void {
  if (createHash(algorithm).update(bytes).digest('hex') === hex) return;
  const message = `${name} does not have the ${algorithm} digest of the manifest`;
  throw new MigrationError('package-digest-mismatch', message, { file, at: name });
}
