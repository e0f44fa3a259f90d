/**
 * The WinRM service of one host over HTTP and HTTPS on loopback: who may come in (Basic, Negotiate with NTLM, client certificates), sealed
 * messages on plain HTTP, and the envelopes that go to the shells. A login by Negotiate is one of its connection.
 */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../certificate.ts';
import { answer, FAULTS, faultAnswer, identity, parse, readRequest, type WsmanFault } from './envelope.ts';
import { type Account, Negotiator } from './negotiate.ts';
import { isSealed, readSealed, SEALED_TYPE, writeSealed } from './sealed.ts';
import type { Shells } from './shells.ts';
import type { Weather } from './weather.ts';

export interface ListenerRules {
  readonly accounts: readonly Account[];
  /** What the service offers; both when absent. */
  readonly logins?: readonly ('basic' | 'negotiate')[];
  /** AllowUnencrypted: messages on plain HTTP that are not sealed. */
  readonly unencrypted?: boolean;
  /** SHA-256 thumbprints of client certificates, with the account that each stands for. */
  readonly certificates?: Readonly<Record<string, string>>;
  readonly certificate: PeerCertificate;
}

interface Connection {
  readonly id: string;
  /** Logged in by Negotiate. */
  user?: string;
}

interface Login {
  readonly user: string;
  /** By Negotiate. */
  readonly connection?: Connection;
  /** Last message of the login. */
  readonly token?: Buffer;
}

const MUTUAL = 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual';
/** MaxEnvelopeSizekb. */
const MAXIMUM = 500 * 1024;
const SOAP_TYPE = 'application/soap+xml;charset=UTF-8';

export class Listener {
  readonly #rules: ListenerRules;
  readonly #shells: Shells;
  readonly #weather: Weather;
  readonly #negotiator: Negotiator;
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #servers: readonly [Server, Server];
  /** Connections that were made. */
  connected = 0;

  constructor(rules: ListenerRules, shells: Shells, weather: Weather) {
    this.#rules = rules;
    this.#shells = shells;
    this.#weather = weather;
    this.#negotiator = new Negotiator(rules.accounts);
    const listener: RequestListener = (request, response) =>
      void this.#serve(request, response).catch(() => request.socket.destroy());
    const { key, certificate: cert } = rules.certificate;
    const secure = createSecureServer({ key, cert, requestCert: true, rejectUnauthorized: false }, listener);
    this.#servers = [createServer(listener), secure];
    for (const [server, event] of [
      [this.#servers[0], 'connection'],
      [secure, 'secureConnection'],
    ] as const) {
      server.on(event, (socket: Socket) => {
        this.connected += 1;
        socket.once('close', () => this.#forget(socket));
      });
    }
    secure.on('tlsClientError', () => undefined);
  }

  async listen(address: string, port: number, securePort: number): Promise<void> {
    const [plain, secure] = this.#servers;
    await Promise.all([listen(plain, address, port), listen(secure, address, securePort)]);
  }

  /** Connections are cut, shells are gone, the ports are closed. */
  async close(): Promise<void> {
    this.#shells.clear();
    await Promise.all(
      this.#servers.map(async (server) => {
        if (!server.listening) return;
        const closed = new Promise((resolve) => server.close(resolve));
        server.closeAllConnections();
        await closed;
      }),
    );
  }

  async stop(): Promise<void> {
    await this.close();
    this.#negotiator.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#weather.take('cut-before')) throw new Error('cut');
    const body = await content(request);
    if (!body) return end(response, 413);
    if (this.#weather.take('unavailable')) return end(response, 503);
    if (request.method !== 'POST' || request.url?.split('?')[0] !== '/wsman') return end(response, 404);
    if (request.headers['wsmanidentify'] === 'unauthenticated')
      return end(response, 200, { 'content-type': SOAP_TYPE }, Buffer.from(identity()));
    const login = await this.#login(request);
    if ('refused' in login) return end(response, 401, { 'www-authenticate': [...login.refused] });
    if (login.token?.length) response.setHeader('www-authenticate', `Negotiate ${login.token.toString('base64')}`);
    if (body.length === 0) return end(response, 200);
    await this.#envelope(request, response, { ...login, body });
  }

  async #envelope(request: IncomingMessage, response: ServerResponse, given: Login & { readonly body: Buffer }): Promise<void> {
    const type = request.headers['content-type'] ?? '';
    const sealed = isSealed(type);
    const { connection } = given;
    const plainHttp = !(request.socket instanceof TLSSocket);
    if (sealed && !connection) return end(response, 400);
    if (!sealed && plainHttp && this.#rules.unencrypted !== true) return end(response, 500);
    let text = given.body;
    if (sealed && connection) {
      const { length, content: within } = readSealed(given.body);
      text = await this.#negotiator.unseal(connection.id, within);
      if (text.length !== length) return end(response, 400);
    }
    const { status, envelope } = await this.#answer(text.toString('utf8'), given.user);
    if (this.#weather.take('cut-after')) throw new Error('cut');
    if (!sealed || !connection) return end(response, status, { 'content-type': SOAP_TYPE }, Buffer.from(envelope));
    const said = Buffer.from(envelope);
    const bytes = writeSealed({ length: said.length, content: await this.#negotiator.seal(connection.id, said) });
    end(response, status, { 'content-type': SEALED_TYPE }, bytes);
  }

  async #answer(text: string, user: string): Promise<{ readonly status: number; readonly envelope: string }> {
    const refuse = (fault: WsmanFault, to: string) => ({ status: 500, envelope: faultAnswer(fault, to) });
    let request: ReturnType<typeof readRequest>;
    try {
      const envelope = parse(text);
      if (envelope.children.some(({ name, children }) => name === 'Body' && children[0]?.name === 'Identify'))
        return { status: 200, envelope: identity() };
      request = readRequest(envelope);
    } catch {
      return refuse(FAULTS.malformed, '');
    }
    if (!request) return refuse(FAULTS.malformed, '');
    if (text.length > MAXIMUM) return refuse(FAULTS.tooLarge, request.messageId);
    const outcome = await this.#shells.handle(request, user);
    if ('code' in outcome) return refuse(outcome, request.messageId);
    return { status: 200, envelope: answer(outcome.action, request.messageId, outcome.body) };
  }

  async #login(request: IncomingMessage): Promise<Login | { readonly refused: readonly string[] }> {
    const { socket } = request;
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    const connection = this.#connections.get(socket);
    if (connection?.user !== undefined && this.#weather.take('unauthorized')) {
      this.#forget(socket);
      return { refused: this.#offers(socket) };
    }
    if (scheme === 'Basic' && this.#offers(socket).some((offer) => offer.startsWith('Basic'))) {
      const user = this.#basic(Buffer.from(token, 'base64').toString('utf8'));
      if (user !== undefined && !this.#weather.take('unauthorized')) return { user };
    }
    if (scheme === MUTUAL && socket instanceof TLSSocket) {
      const user = this.#rules.certificates?.[socket.getPeerX509Certificate()?.fingerprint256 ?? ''];
      if (user !== undefined) return { user };
    }
    if (scheme === 'Negotiate' && this.#offers(socket).includes('Negotiate')) return await this.#negotiate(socket, token);
    if (scheme === '' && connection?.user !== undefined) return { user: connection.user, connection };
    return { refused: this.#offers(socket) };
  }

  async #negotiate(socket: Socket, token: string): Promise<Login | { readonly refused: readonly string[] }> {
    // A connection that is logged in and begins anew is a new login.
    if (this.#connections.get(socket)?.user !== undefined) this.#forget(socket);
    const connection = this.#connections.get(socket) ?? { id: randomUUID() };
    this.#connections.set(socket, connection);
    try {
      const step = await this.#negotiator.step(connection.id, Buffer.from(token, 'base64'));
      if (step.user === undefined) return { refused: [`Negotiate ${step.token.toString('base64')}`] };
      connection.user = step.user.split('\\').at(-1) ?? '';
      return { user: connection.user, connection, token: step.token };
    } catch {
      this.#forget(socket);
      return { refused: this.#offers(socket) };
    }
  }

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (!connection) return;
    this.#connections.delete(socket);
    this.#negotiator.forget(connection.id);
  }

  #offers(socket: Socket): readonly string[] {
    const { logins = ['negotiate', 'basic'], unencrypted } = this.#rules;
    const basic = logins.includes('basic') && (socket instanceof TLSSocket || unencrypted === true);
    return [...(logins.includes('negotiate') ? ['Negotiate'] : []), ...(basic ? ['Basic realm="WSMAN"'] : [])];
  }

  #basic(said: string): string | undefined {
    const at = said.indexOf(':');
    const user = said.slice(0, at).split('\\').at(-1)?.toLowerCase();
    const account = this.#rules.accounts.find(({ username }) => username.toLowerCase() === user);
    return account !== undefined && account.password === said.slice(at + 1) ? account.username : undefined;
  }
}

/** Undefined where it is larger than any service takes. */
async function content(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request) {
    pieces.push(piece);
    size += piece.length;
    if (size > 2 * MAXIMUM) return undefined;
  }
  return Buffer.concat(pieces);
}

function end(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | string[]>> = {},
  body: Buffer = Buffer.alloc(0),
): void {
  response.writeHead(status, { server: 'Microsoft-HTTPAPI/2.0', ...headers, 'content-length': body.length }).end(body);
}

async function listen(server: Server, address: string, port: number): Promise<void> {
  server.listen(port, address);
  // It is begun again and again: a listener that stays would be one more each time.
  await once(server, 'listening');
}
