/**
 * Self-signed TLS certificates for the peers, made afresh for each run: Node signs but does not build certificates, so the few dozen bytes of
 * DER (RFC 5280, ECDSA P-256 with SHA-256) are put together here.
 */
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

export interface CertificateOptions {
  /** Names and IPv4 addresses that the certificate is good for; `127.0.0.1` and `localhost` when absent. */
  readonly hosts?: readonly string[];
  /** A day ago when absent. */
  readonly notBefore?: Date;
  /** Ten days on when absent. */
  readonly notAfter?: Date;
}

export interface PeerCertificate {
  /** PEM. It is its own issuer: give it to a client as CA. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly key: string;
  /** Of the DER bytes, upper-case hex pairs with colons, as browsers and vCenter show them. */
  readonly thumbprint: { readonly sha1: string; readonly sha256: string };
}

const DAY = 86_400_000;
const ECDSA_WITH_SHA256 = oid('2a8648ce3d040302');
const COMMON_NAME = oid('550403');
const SUBJECT_ALT_NAME = oid('551d11');
const BASIC_CONSTRAINTS = oid('551d13');

/** A fresh key and a certificate for it. */
export function selfSigned(options: CertificateOptions = {}): PeerCertificate {
  const hosts = options.hosts ?? ['127.0.0.1', 'localhost'];
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(ECDSA_WITH_SHA256);
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(hosts[0] ?? 'peer')))));
  const extensions = sequence(
    sequence(BASIC_CONSTRAINTS, der(0x04, sequence(der(0x01, Buffer.of(0xff))))),
    sequence(SUBJECT_ALT_NAME, der(0x04, sequence(...hosts.map(altName)))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(options.notBefore ?? new Date(Date.now() - DAY)), time(options.notAfter ?? new Date(Date.now() + 10 * DAY))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = sign('sha256', body, privateKey);
  const parsed = new X509Certificate(sequence(body, algorithm, der(0x03, Buffer.of(0), signature)));
  return {
    certificate: parsed.toString(),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    thumbprint: { sha1: parsed.fingerprint, sha256: parsed.fingerprint256 },
  };
}

function altName(host: string): Buffer {
  if (isIP(host) === 4) return der(0x87, Buffer.from(host.split('.').map(Number)));
  return der(0x82, Buffer.from(host));
}

/** UTCTime with two digits of the year before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
function time(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  if (length < 0x100) return Buffer.concat([Buffer.of(tag, 0x81, length), content]);
  return Buffer.concat([Buffer.of(tag, 0x82, length >> 8, length & 0xff), content]);
}
