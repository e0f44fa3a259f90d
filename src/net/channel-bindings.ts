/** What ties a login to the TLS connection around it: `tls-server-end-point` of RFC 5929. */
import { createHash, type X509Certificate } from 'node:crypto';

/**
 * Encoded object identifiers of signatures, and the hash that belongs to each. MD5 and SHA-1 count as SHA-256 (RFC 5929, 4.1). Of RSASSA-PSS, whose
 * identifier says nothing, the hash is among its parameters.
 */
const HASHES: readonly (readonly [string, 'sha256' | 'sha384' | 'sha512'])[] = [
  ['2a864886f70d010104', 'sha256'],
  ['2a864886f70d010105', 'sha256'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
];

/** Application data for the bindings of a login; undefined where the RFC defines none for the certificate (Ed25519). */
export function channelBindings(certificate: X509Certificate): Buffer | undefined {
  const hash = hashOf(certificate.raw);
  if (hash === undefined) return undefined;
  return Buffer.concat([Buffer.from('tls-server-end-point:'), createHash(hash).update(certificate.raw).digest()]);
}

/** The algorithm stands between the certificate's content and its signature. */
function hashOf(der: Buffer): 'sha256' | 'sha384' | 'sha512' | undefined {
  const certificate = elementAt(der, 0);
  const content = elementAt(der, certificate.from);
  const algorithm = elementAt(der, content.end);
  const text = der.subarray(algorithm.from, algorithm.end).toString('hex');
  return HASHES.find(([oid]) => text.includes(`06${(oid.length / 2).toString(16).padStart(2, '0')}${oid}`))?.[1];
}

/** Node has read the certificate before: its lengths are right. */
function elementAt(der: Buffer, at: number): { readonly from: number; readonly end: number } {
  const first = der[at + 1] ?? 0;
  const bytes = first < 0x80 ? 0 : first & 0x7f;
  const from = at + 2 + bytes;
  return { from, end: from + (bytes === 0 ? first : der.readUIntBE(at + 2, bytes)) };
}
