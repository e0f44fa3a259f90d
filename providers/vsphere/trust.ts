/**
 * Whom we talk to. The certificate is judged before the socket is handed out, so before any byte of ours, and with it the
 * password, leaves. Nothing here touches the settings of the process.
 */
import { rootCertificates, type TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { Trust } from '../../src/contracts/credentials.ts';
import { MigrationError } from '../../src/model/errors.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/** @throws MigrationError `usage` for a thumbprint that is none */
export function createConnector(trust: Trust = {}): buildConnector.connector {
  const pin = trust.thumbprint === undefined ? undefined : normalise(trust.thumbprint);
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    // A resumed session brings no certificate, and there would be nothing to compare.
    maxCachedSessions: 0,
    allowH2: false,
    rejectUnauthorized: pin === undefined && trust.insecure !== true,
    // Given authorities add to the system's.
    ...(trust.ca !== undefined && { ca: [...rootCertificates, trust.ca] }),
  });
  if (pin === undefined) return connect;
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const found = thumbprints(socket as TLSSocket);
      if (found.includes(pin)) return callback(null, socket);
      socket.destroy();
      const [sha256 = 'none'] = found;
      return callback(
        new MigrationError(
          'source-untrusted',
          `The certificate of ${options.hostname} is not the expected one: its SHA-256 is ${pretty(sha256)}`,
          {
            hint: 'If the certificate was renewed, compare it on the server and give the new thumbprint. If not, somebody is in between.',
          },
        ),
        null,
      );
    });
  };
}

/** SHA-256 and SHA-1 of the peer's certificate; empty when it showed none. */
export function thumbprints(socket: TLSSocket): readonly string[] {
  const certificate = typeof socket.getPeerX509Certificate === 'function' ? socket.getPeerX509Certificate() : undefined;
  return certificate === undefined ? [] : [certificate.fingerprint256, certificate.fingerprint].map(bare);
}

function normalise(thumbprint: string): string {
  const digits = bare(thumbprint.replace(/^sha-?(1|256)[:=]/i, ''));
  if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(digits)) {
    throw new MigrationError('usage', 'A thumbprint has 64 (SHA-256) or 40 (SHA-1) hexadecimal digits');
  }
  return digits;
}

function bare(thumbprint: string): string {
  return thumbprint.replaceAll(/[:\s]/g, '').toLowerCase();
}

export function pretty(digits: string): string {
  return digits.toUpperCase().replaceAll(/(..)(?=.)/g, '$1:');
}
