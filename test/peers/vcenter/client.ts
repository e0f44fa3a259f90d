/**
 * The least client that can try the stand-in out: one request a connection, the certificate verified, no retries. Not the product's client,
 * so that the stand-in's own tests do not depend on it.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { ServerAddress } from '../vcsim.ts';
import { decode, encode, envelope, type Reference, returned, SERVICE_INSTANCE, service } from './soap.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export class TinyClient {
  readonly #server: ServerAddress;
  #cookie = '';
  #content = '';

  constructor(server: ServerAddress) {
    this.#server = server;
  }

  async http(path: string, options: RequestOptions = {}, body = ''): Promise<Reply> {
    const { host, port, certificate } = this.#server;
    const headers = { cookie: this.#cookie, ...options.headers };
    const sent = request({ host, port, path, ca: certificate, agent: false, ...options, headers }).end(body);
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    const cookie = reply.headers['set-cookie']?.[0]?.split(';')[0];
    if (cookie !== undefined) this.#cookie = cookie;
    return { status: reply.statusCode ?? 0, headers: reply.headers, body: await buffer(reply) };
  }

  /** XML of the answer. @throws Error whose message is the type of the fault and its words */
  async call(operation: string, self: Reference, inner = ''): Promise<string> {
    const body = envelope(
      `<${operation} xmlns="urn:vim25"><_this type="${self.type}">${encode(self.id)}</_this>${inner}</${operation}>`,
    );
    const reply = await this.http('/sdk', { method: 'POST', headers: { 'content-type': 'text/xml' } }, body);
    const text = reply.body.toString();
    if (reply.status === 200) return text;
    const type = /<detail><(\w+)Fault/.exec(text)?.[1];
    throw new Error(type ? `${type}: ${decode(/<faultstring>([^<]*)/.exec(text)?.[1] ?? '')}` : `HTTP ${reply.status}`);
  }

  async login(password = this.#server.password, username = this.#server.username): Promise<void> {
    this.#content = await this.call('RetrieveServiceContent', SERVICE_INSTANCE);
    const inner = `<userName>${encode(username)}</userName><password>${encode(password)}</password>`;
    await this.call('Login', service(this.#content, 'sessionManager'), inner);
  }

  async logout(): Promise<void> {
    await this.call('Logout', service(this.#content, 'sessionManager'));
  }

  /** XML of all that was asked for of one object. */
  read(object: Reference, ...paths: readonly string[]): Promise<string> {
    const set = paths.map((path) => `<pathSet>${path}</pathSet>`).join('');
    const spec = `<specSet><propSet><type>${object.type}</type>${set}</propSet><objectSet><obj type="${object.type}">${encode(object.id)}</obj></objectSet></specSet><options/>`;
    return this.call('RetrievePropertiesEx', service(this.#content, 'propertyCollector'), spec);
  }

  /** Makes a task, polls it to its end and gives its result's object id. @throws Error with the task's error */
  async run(operation: string, self: Reference, inner = ''): Promise<string> {
    const task = returned(await this.call(operation, self, inner));
    for (;;) {
      const info = await this.read({ type: 'Task', id: task }, 'info');
      if (info.includes('<state>success</state>')) return decode(/<result\b[^>]*>([^<]*)/.exec(info)?.[1] ?? '');
      if (info.includes('<state>error</state>')) throw new Error(/<fault xsi:type="(\w+)"/.exec(info)?.[1]);
    }
  }

  /** Version and whole answer of one wait. */
  async wait(version: string, seconds = 0): Promise<{ readonly version: string; readonly text: string }> {
    const text = await this.call(
      'WaitForUpdatesEx',
      service(this.#content, 'propertyCollector'),
      `<version>${version}</version><options><maxWaitSeconds>${seconds}</maxWaitSeconds></options>`,
    );
    return { version: /<version>([^<]*)/.exec(text)?.[1] ?? version, text };
  }

  /** Makes the session's filter for one property of one object. */
  filter(object: Reference, path: string): Promise<string> {
    const set = `<propSet><type>${object.type}</type><pathSet>${path}</pathSet></propSet><objectSet><obj type="${object.type}">${object.id}</obj></objectSet>`;
    return this.call(
      'CreateFilter',
      service(this.#content, 'propertyCollector'),
      `<spec>${set}</spec><partialUpdates>false</partialUpdates>`,
    );
  }
}
