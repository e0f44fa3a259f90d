/** How a TLS connection is opened to a server that is trusted in our way, for everything in this room that speaks HTTP. */
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import type { Trust } from '../../../contracts/credentials.ts';
import { parseThumbprint, thumbprintTrouble } from '../../../model/thumbprint.ts';

/** Reading all the known authorities takes 15 ms of processor time, which is too much for each connection. */
const contexts = new WeakMap<Trust, SecureContext>();

/** What `tls.connect` is to be told. Where a thumbprint decides, `judgePeer` has to be asked before a byte is sent. */
export function trustedConnection(url: URL, trust: Trust): ConnectionOptions {
  const { ca, thumbprint, insecure } = trust;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(url.port || 443),
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: thumbprint === undefined && insecure !== true,
    ...(ca !== undefined && { secureContext: contextOf(trust, ca) }),
  };
}

function contextOf(trust: Trust, ca: string): SecureContext {
  // Given authorities add to the known ones.
  const context = contexts.get(trust) ?? createSecureContext({ ca: [...rootCertificates, ca] });
  contexts.set(trust, context);
  return context;
}

/**
 * Compares the certificate of a connection that has just been made with the thumbprint, where one is given.
 * @param host name for people
 * @throws MigrationError `source-untrusted`, `usage`
 */
export function judgePeer(socket: TLSSocket, host: string, { thumbprint }: Trust): void {
  if (thumbprint === undefined) return;
  const trouble = thumbprintTrouble(host, parseThumbprint(thumbprint), socket.getPeerX509Certificate());
  if (trouble !== undefined) throw trouble;
}
