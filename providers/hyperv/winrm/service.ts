/** Calls to WinRM: an envelope goes in, the body of the answer comes out. Connections are logged in once and kept for the calls after. */

import type { Trust } from '../../../src/contracts/credentials.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import { type Answer, Connection, ConnectionGone, endpointOf, type Place } from './connection.ts';
import { type Request, writeEnvelope } from './envelope.ts';
import { faultIn } from './faults.ts';
import { type Admission, chooseLogin, type Login, type LoginOptions, refused } from './login.ts';
import { isSealed, SOAP, seal, unseal } from './sealed.ts';
import { Shared } from './shared.ts';
import { parseXml, type XmlElement } from './xml.ts';

export interface ServiceOptions extends LoginOptions {
  readonly trust?: Trust;
  /** Seconds after which the service answers in any case; 60 when absent. */
  readonly operationSeconds?: number;
}

/** What an answer may take beyond the time that the service gives itself. */
const GRACE_SECONDS = 30;
const OPERATION_SECONDS = 60;

interface Lane {
  readonly connection: Connection;
  readonly admission: Admission;
}

export class Service implements AsyncDisposable {
  readonly host: string;
  readonly #place: Place;
  readonly #options: ServiceOptions;
  readonly #seconds: number;
  /** Logged in, and in nobody's hands. */
  readonly #idle: Lane[] = [];
  readonly #all = new Set<Connection>();
  readonly #login = new Shared<Login>();
  #closed = false;

  constructor(place: Place, options: ServiceOptions) {
    this.host = place.host;
    this.#place = place;
    this.#options = options;
    this.#seconds = options.operationSeconds ?? OPERATION_SECONDS;
  }

  /**
   * @throws Fault what the service said
   * @throws MigrationError `source-unreachable`, `source-untrusted`, `source-login-failed`, `source-forbidden`, `source-busy`, `source-answer-broken`
   */
  async call(request: Request, signal: AbortSignal): Promise<XmlElement> {
    const kept = this.#idle.pop();
    const answer = (kept && (await this.#tryKept(kept, request, signal))) ?? (await this.#tryFresh(request, signal));
    return this.#bodyOf(answer);
  }

  /** Undefined when the connection has ended, or has forgotten who we are: then nothing was done. */
  async #tryKept(lane: Lane, request: Request, signal: AbortSignal): Promise<Answer | undefined> {
    try {
      const answer = await this.#send(lane, request, signal);
      if (answer.status !== 401) return answer;
    } catch (error) {
      if (!(error instanceof ConnectionGone)) throw error;
    }
    return undefined;
  }

  async #tryFresh(request: Request, signal: AbortSignal): Promise<Answer> {
    const lane = await this.#logIn(signal);
    try {
      const answer = await this.#send(lane, request, signal);
      if (answer.status === 401) throw refused(this.host, undefined, 'refused the login');
      return answer;
    } catch (error) {
      throw error instanceof ConnectionGone ? cut(this.host, error) : error;
    }
  }

  /** A lane that fails is closed; one that answers is kept. */
  async #send(lane: Lane, request: Request, signal: AbortSignal): Promise<Answer> {
    const { connection, admission } = lane;
    const { session } = admission;
    let usable = false;
    try {
      const envelope = Buffer.from(writeEnvelope(request, endpointOf(this.#place), this.#seconds));
      const { contentType, body } = session === undefined ? { contentType: SOAP, body: envelope } : seal(envelope, session);
      const authorization = await admission.authorization?.();
      const headers = { 'content-type': contentType, ...(authorization !== undefined && { authorization }) };
      const answer = await connection.post(headers, body, signal);
      if (session === undefined) {
        usable = answer.status !== 401;
        return answer;
      }
      if (!isSealed(answer.contentType)) return unsealed(answer, this.host);
      const opened = unseal(answer.body, answer.contentType, session);
      usable = true;
      return { ...answer, contentType: SOAP, body: opened };
    } finally {
      if (usable) this.#idle.push(lane);
      else await this.#drop(connection);
    }
  }

  #bodyOf({ status, contentType, body }: Answer): XmlElement {
    const soap = contentType.includes('xml') && body.length > 0;
    if (soap) {
      const envelope = parseXml(body.toString('utf8'), this.host);
      const fault = faultIn(envelope);
      if (fault !== undefined) throw fault;
      if (status === 200) return envelope;
    }
    throw statusError(status, this.host);
  }

  async #logIn(signal: AbortSignal): Promise<Lane> {
    const connection = this.#connect();
    try {
      const login = await this.#login.get(() => chooseLogin(this.#place, this.#options, () => this.#offers(signal)));
      return { connection, admission: await login(connection, signal) };
    } catch (error) {
      await this.#drop(connection);
      throw error instanceof ConnectionGone ? cut(this.host, error) : error;
    }
  }

  async #offers(signal: AbortSignal): Promise<readonly string[]> {
    const connection = this.#connect();
    try {
      const { status, challenges } = await connection.post({}, Buffer.alloc(0), signal);
      if (status !== 401) throw statusError(status, this.host);
      return challenges;
    } finally {
      await this.#drop(connection);
    }
  }

  #connect(): Connection {
    if (this.#closed) throw new MigrationError('source-answer-broken', `The connection to ${this.host} was given up`);
    const { trust, clientCertificate } = this.#options;
    const connection = new Connection(this.#place, {
      ...(trust !== undefined && { trust }),
      ...(clientCertificate !== undefined && { client: clientCertificate }),
      patience: (this.#seconds + GRACE_SECONDS) * 1000,
    });
    this.#all.add(connection);
    return connection;
  }

  async #drop(connection: Connection): Promise<void> {
    this.#all.delete(connection);
    await connection.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#idle.length = 0;
    await Promise.all([...this.#all].map((connection) => this.#drop(connection)));
  }
}

/**
 * An answer in the clear where seals are spoken of: the status is believed, its words are not, since anybody could have said them. Whether the
 * service has counted our message is not known, so the connection is of no use any more.
 */
function unsealed(answer: Answer, host: string): Answer {
  if (answer.status === 200) throw new MigrationError('source-answer-broken', `${host} answered without a seal`, { file: host });
  return { ...answer, body: Buffer.alloc(0) };
}

function statusError(status: number, host: string): MigrationError {
  const place = { file: host };
  if (status === 503) return new MigrationError('source-busy', `WinRM on ${host} takes no requests now (HTTP 503)`, place);
  if (status === 403)
    return new MigrationError('source-forbidden', `${host} does not let this machine or user in (HTTP 403)`, place);
  if (status === 404) {
    return new MigrationError('source-unreachable', `There is no WinRM at ${host}: something else listens at that port`, {
      ...place,
      hint: 'Switch WinRM on at the host (winrm quickconfig), and check the port.',
    });
  }
  return new MigrationError('source-answer-broken', `${host} answered HTTP ${status} and nothing that could be read`, place);
}

function cut(host: string, cause: unknown): MigrationError {
  return new MigrationError('source-answer-broken', `${host} closed the connection in the middle`, { file: host, cause });
}
