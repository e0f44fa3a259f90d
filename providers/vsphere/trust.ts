/**
 * Whom we talk to. The certificate is judged before the socket is handed out, so before any byte of ours, and with it the
 * password, leaves. Nothing here touches the settings of the process.
 */
import type { X509Certificate } from 'node:crypto';
import { rootCertificates, type TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { Trust } from '../../src/contracts/credentials.ts';
import { parseThumbprint, thumbprintTrouble } from '../../src/model/thumbprint.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * @param seen told the SHA-1, with colons, of each certificate that was accepted
 * @throws MigrationError `usage` for a thumbprint that is none
 */
export function createConnector(trust: Trust = {}, seen?: (thumbprint: string) => void): buildConnector.connector {
  const pin = trust.thumbprint === undefined ? undefined : parseThumbprint(trust.thumbprint);
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    // A resumed session brings no certificate, and there would be nothing to compare.
    maxCachedSessions: 0,
    allowH2: false,
    rejectUnauthorized: pin === undefined && trust.insecure !== true,
    // Given authorities add to the system's.
    ...(trust.ca !== undefined && { ca: [...rootCertificates, trust.ca] }),
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const shown = shownBy(socket as TLSSocket);
      const trouble = pin === undefined ? undefined : thumbprintTrouble(options.hostname, pin, shown);
      if (trouble === undefined) {
        if (shown !== undefined) seen?.(shown.fingerprint);
        return callback(null, socket);
      }
      socket.destroy();
      return callback(trouble, null);
    });
  };
}

function shownBy(socket: TLSSocket): X509Certificate | undefined {
  return typeof socket.getPeerX509Certificate === 'function' ? socket.getPeerX509Certificate() : undefined;
}
