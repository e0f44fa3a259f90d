/**
 * Whom we talk to: TLS connections to servers that are trusted in our way, for sockets (`trustedConnection`, `judgePeer`) and for undici
 * (`createConnector`). Nothing here touches the settings of the process.
 */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { ClientCertificate, Trust } from '../contracts/credentials.ts';
import { parseThumbprint, thumbprintTrouble } from '../model/thumbprint.ts';

const CONNECT_TIMEOUT_MS = 15_000;

/** Reading all the known authorities takes 15 ms of processor time, which is too much for each connection. */
const contexts = new WeakMap<Trust, SecureContext>();

/** What `tls.connect` is to be told. Where a thumbprint decides, `judgePeer` has to be asked before a byte is sent. */
export function trustedConnection(url: URL, trust: Trust): ConnectionOptions {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: Number(url.port || 443),
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
    ...checks(trust),
  };
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

export interface ConnectorOptions {
  /** Told each certificate that was accepted. */
  readonly seen?: (certificate: X509Certificate) => void;
  /** Whom we are to the server, where it asks for a certificate. */
  readonly client?: ClientCertificate;
}

/**
 * The certificate is judged before the socket is handed out, so before any byte of ours, and with it the password, leaves.
 * @throws MigrationError `usage` for a thumbprint that is none
 */
export function createConnector(trust: Trust = {}, { seen, client }: ConnectorOptions = {}): buildConnector.connector {
  const pin = trust.thumbprint === undefined ? undefined : parseThumbprint(trust.thumbprint);
  const connect = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    // A resumed session brings no certificate, and there would be nothing to compare.
    maxCachedSessions: 0,
    allowH2: false,
    ...checks(trust, client),
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const shown = shownBy(socket as TLSSocket);
      const trouble = pin === undefined ? undefined : thumbprintTrouble(options.hostname, pin, shown);
      if (trouble === undefined) {
        if (shown !== undefined) seen?.(shown);
        return callback(null, socket);
      }
      socket.destroy();
      return callback(trouble, null);
    });
  };
}

/** Of a socket without TLS there is no certificate. */
function shownBy(socket: TLSSocket): X509Certificate | undefined {
  return typeof socket.getPeerX509Certificate === 'function' ? socket.getPeerX509Certificate() : undefined;
}

/** A thumbprint alone decides when it is given. */
function checks(trust: Trust, client?: ClientCertificate): Pick<ConnectionOptions, 'rejectUnauthorized' | 'secureContext'> {
  const context = contextOf(trust, client);
  return {
    rejectUnauthorized: trust.thumbprint === undefined && trust.insecure !== true,
    ...(context !== undefined && { secureContext: context }),
  };
}

/** Given authorities add to the known ones. */
function contextOf(trust: Trust, client: ClientCertificate | undefined): SecureContext | undefined {
  const authorities = trust.ca === undefined ? {} : { ca: [...rootCertificates, trust.ca] };
  if (client !== undefined) {
    // Windows asks for a certificate after the handshake, which only TLS 1.2 and older can do with OpenSSL's clients.
    return createSecureContext({ ...authorities, cert: client.certificate, key: client.key, maxVersion: 'TLSv1.2' });
  }
  if (trust.ca === undefined) return undefined;
  const context = contexts.get(trust) ?? createSecureContext(authorities);
  contexts.set(trust, context);
  return context;
}
