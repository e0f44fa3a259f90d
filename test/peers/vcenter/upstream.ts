/**
 * The simulator behind the stand-in: what clients say is passed on as it is, and the stand-in has a session of its own for what it must know or do.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { Vcsim } from '../vcsim.ts';
import { type Answer, decode, encode, envelope, type Reference, returned, SERVICE_INSTANCE, service } from './soap.ts';

export interface Incoming {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

interface OwnSession {
  readonly cookie: string;
  readonly manager: Reference;
  readonly collector: Reference;
}

/** Passed on by nobody: they belong to one connection. */
const HOP = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'expect', 'accept-encoding']);
const TASK_POLL_MS = 5;

export class Upstream {
  readonly origin: string;
  readonly #vcsim: Vcsim;
  readonly #agent = new Agent({ keepAlive: true });
  #own: Promise<OwnSession> | undefined;

  constructor(vcsim: Vcsim) {
    this.#vcsim = vcsim;
    this.origin = new URL(vcsim.url).origin;
  }

  /** Whether these are the credentials of the simulator. */
  knows(username: string, password: string): boolean {
    return username === this.#vcsim.username && password === this.#vcsim.password;
  }

  /** Passes a request on. */
  async forward(incoming: Incoming): Promise<Answer> {
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !HOP.has(name)));
    // Real servers put their cookie in quotes, the simulator knows its own without.
    if (headers['cookie']) headers['cookie'] = headers['cookie'].replaceAll('"', '');
    const withBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
    return this.#exchange({ ...incoming, headers, body: withBody ? incoming.body : Buffer.alloc(0) });
  }

  /** Calls an operation in the stand-in's own session and gives what is in the answer. @throws Error with the fault's words */
  async call(operation: string, self: Reference, inner = '', cookie?: string): Promise<string> {
    const session = cookie ?? (await this.#session()).cookie;
    const { text, ok } = await this.#post(operation, self, inner, session);
    if (!ok) throw new Error(`${operation}: ${/<faultstring>([^<]*)/.exec(text)?.[1] ?? text}`);
    return text;
  }

  /** XML of one property's value with its element; empty where it is unset. */
  async property(object: Reference, path: string): Promise<string> {
    const spec = `<specSet><propSet><type>${object.type}</type><pathSet>${path}</pathSet></propSet><objectSet><obj type="${object.type}">${encode(object.id)}</obj></objectSet></specSet><options/>`;
    const text = await this.call('RetrievePropertiesEx', (await this.#session()).collector, spec);
    return /<val\b[\s\S]*<\/val>/.exec(text)?.[0] ?? '';
  }

  /** Text of a property; empty where it is unset. */
  async text(object: Reference, path: string): Promise<string> {
    return decode(/>([^<]*)</.exec(await this.property(object, path))?.[1] ?? '');
  }

  /** Waits for the end of a task and gives its result's object id, empty where there is none. @throws Error when the task failed */
  async result(task: string): Promise<string> {
    const object = { type: 'Task', id: task };
    for (;;) {
      const state = await this.text(object, 'info.state');
      if (state === 'success') return await this.text(object, 'info.result');
      if (state === 'error') throw new Error(`${task} failed`);
      await new Promise((resolve) => setTimeout(resolve, TASK_POLL_MS));
    }
  }

  /** Calls an operation that makes a task, and waits for its end. */
  async run(operation: string, self: Reference, inner = ''): Promise<string> {
    const task = returned(await this.call(operation, self, inner));
    return this.result(task);
  }

  /** Ends the session of a client. */
  async logout(cookie: string): Promise<void> {
    await this.call('Logout', (await this.#session()).manager, '', cookie);
  }

  #session(): Promise<OwnSession> {
    this.#own ??= this.#login();
    return this.#own;
  }

  async #login(): Promise<OwnSession> {
    const content = (await this.#post('RetrieveServiceContent', SERVICE_INSTANCE, '', '')).text;
    const manager = service(content, 'sessionManager');
    const inner = `<userName>${encode(this.#vcsim.username)}</userName><password>${encode(this.#vcsim.password)}</password>`;
    const { cookie } = await this.#post('Login', manager, inner, '');
    return { cookie, manager, collector: service(content, 'propertyCollector') };
  }

  async #post(operation: string, self: Reference, inner: string, cookie: string) {
    const body = envelope(
      `<${operation} xmlns="urn:vim25"><_this type="${self.type}">${encode(self.id)}</_this>${inner}</${operation}>`,
    );
    const headers = { 'content-type': 'text/xml', cookie };
    const { signal } = new AbortController();
    const answer = await this.#exchange({ method: 'POST', path: '/sdk', headers, body: Buffer.from(body), signal });
    const given = answer.headers?.['set-cookie']?.split(';')[0] ?? '';
    return { text: String(answer.body), ok: answer.status === 200, cookie: given };
  }

  /** One request over connections that are kept: some thousand of them are made in a test. */
  async #exchange({ method, path, headers, body, signal }: Incoming): Promise<Answer> {
    const sent = request(`${this.origin}${path}`, {
      agent: this.#agent,
      method,
      headers: { ...headers, ...(body.length > 0 && { 'content-length': body.length }) },
      signal,
    }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const pieces: Buffer[] = [];
    for await (const piece of response) pieces.push(piece);
    const received: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers))
      if (value !== undefined && !HOP.has(name)) received[name] = Array.isArray(value) ? value.join(', ') : value;
    return { status: response.statusCode ?? 0, headers: received, body: Buffer.concat(pieces) };
  }

  /** Closes what is kept. */
  stop(): void {
    this.#agent.destroy();
  }
}
