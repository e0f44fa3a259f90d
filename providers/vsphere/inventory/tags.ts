/**
 * Tags live outside the SOAP API, behind a login of their own. vCenter 7 and later speak `/api`, older ones `/rest`; the older tree is
 * still served by all that are supported, so it is tried second. An account that may not see tags sees none: tags are never a reason to fail.
 */
import { z } from 'zod';
import type { Credentials } from '../../../src/contracts/credentials.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Tag } from '../../../src/model/vm.ts';
import type { Http, HttpRequest } from '../http.ts';

const MOST_TEXT = 64 * 1024 * 1024;
/** Objects asked about in one request, as VMware's own tools do. */
const BATCH = 2000;
const CONCURRENT = 4;

/** The same functions in both trees; the older wraps its answers in `value` and some requests differ. */
interface Dialect {
  readonly name: 'api' | 'rest';
  readonly login: string;
  readonly attached: string;
  readonly tag: (id: string) => string;
  readonly category: (id: string) => string;
}

const DIALECTS: readonly Dialect[] = [
  {
    name: 'api',
    login: '/api/session',
    attached: '/api/cis/tagging/tag-association?action=list-attached-tags-on-objects',
    tag: (id) => `/api/cis/tagging/tag/${encodeURIComponent(id)}`,
    category: (id) => `/api/cis/tagging/category/${encodeURIComponent(id)}`,
  },
  {
    name: 'rest',
    login: '/rest/com/vmware/cis/session',
    attached: '/rest/com/vmware/cis/tagging/tag-association?~action=list-attached-tags-on-objects',
    tag: (id) => `/rest/com/vmware/cis/tagging/tag/id:${encodeURIComponent(id)}`,
    category: (id) => `/rest/com/vmware/cis/tagging/category/id:${encodeURIComponent(id)}`,
  },
];

const Attached = z.array(z.object({ object_id: z.object({ id: z.string() }), tag_ids: z.array(z.string()).nullish() }));
const Named = z.object({ name: z.string(), category_id: z.string().optional() });

export interface TagReading {
  readonly tags: ReadonlyMap<string, readonly Tag[]>;
  /** Why there are none, when they could not be read. */
  readonly trouble?: string;
}

/** Tags by VM id. What the server refuses is no failure. @throws MigrationError of the connection */
export async function readTags(
  http: Http,
  { vms, credentials }: { readonly vms: readonly string[]; readonly credentials: Credentials },
  signal: AbortSignal,
): Promise<TagReading> {
  try {
    for (const dialect of DIALECTS) {
      const token = await login(http, { dialect, credentials }, signal);
      if (token === undefined) continue;
      const tree = new Tree(http, dialect, token);
      try {
        return { tags: await readAll(tree, vms, signal) };
      } finally {
        await tree.logout();
      }
    }
    return { tags: new Map(), trouble: 'the server offers no tags' };
  } catch (error) {
    signal.throwIfAborted();
    // Bad weather is no answer: VMs told without their tags would be another truth than yesterday's.
    if (error instanceof MigrationError && error.code === 'source-refused') return { tags: new Map(), trouble: error.message };
    throw error;
  }
}

async function login(
  http: Http,
  { dialect, credentials }: { readonly dialect: Dialect; readonly credentials: Credentials },
  signal: AbortSignal,
): Promise<string | undefined> {
  const basic = Buffer.from(`${credentials.user}:${credentials.password}`, 'utf8').toString('base64');
  const answer = await http.request(
    { method: 'POST', path: dialect.login, headers: { authorization: `Basic ${basic}` }, apart: true },
    signal,
  );
  if (answer.statusCode !== 200 && answer.statusCode !== 201) {
    await http.discard(answer);
    refuseWeather(http, answer.statusCode, dialect.login);
    return undefined;
  }
  const body = parse(await http.read(answer, signal, MOST_TEXT));
  const token =
    dialect.name === 'rest' ? z.object({ value: z.string() }).safeParse(body).data?.value : z.string().safeParse(body).data;
  return token;
}

class Tree {
  readonly dialect: Dialect;
  readonly #http: Http;
  readonly #token: string;

  constructor(http: Http, dialect: Dialect, token: string) {
    this.#http = http;
    this.dialect = dialect;
    this.#token = token;
  }

  async ask<T>(schema: z.ZodType<T>, request: HttpRequest, signal: AbortSignal): Promise<T> {
    const headers = {
      'vmware-api-session-id': this.#token,
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
    };
    const answer = await this.#http.request({ ...request, headers, apart: true }, signal);
    if (answer.statusCode !== 200) {
      await this.#http.discard(answer);
      refuseWeather(this.#http, answer.statusCode, request.path);
      throw new MigrationError('source-refused', `Tags cannot be read: HTTP status ${answer.statusCode} at ${request.path}`);
    }
    const body = parse(await this.#http.read(answer, signal, MOST_TEXT));
    const content = this.dialect.name === 'rest' ? z.object({ value: schema }).safeParse(body) : schema.safeParse(body);
    if (!content.success)
      throw new MigrationError('source-answer-broken', `Tags cannot be read: unexpected answer at ${request.path}`);
    return this.dialect.name === 'rest' ? (content.data as { value: T }).value : (content.data as T);
  }

  async logout(): Promise<void> {
    const signal = AbortSignal.timeout(5000);
    await this.#http
      .request(
        { method: 'DELETE', path: this.dialect.login, headers: { 'vmware-api-session-id': this.#token }, apart: true },
        signal,
      )
      .then((answer) => this.#http.discard(answer))
      .catch(() => undefined);
  }
}

async function readAll(tree: Tree, vms: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, readonly Tag[]>> {
  const byVm = new Map<string, readonly string[]>();
  for (let at = 0; at < vms.length; at += BATCH) {
    const object_ids = vms.slice(at, at + BATCH).map((id) => ({ id, type: 'VirtualMachine' }));
    const body = JSON.stringify({ object_ids });
    for (const { object_id, tag_ids } of await tree.ask(
      Attached,
      { method: 'POST', path: tree.dialect.attached, body },
      signal,
    )) {
      if (tag_ids && tag_ids.length > 0) byVm.set(object_id.id, tag_ids);
    }
  }
  const used = await named(new Set([...byVm.values()].flat()), (id) =>
    tree.ask(Named, { method: 'GET', path: tree.dialect.tag(id) }, signal),
  );
  const categories = await named(new Set([...used.values()].flatMap(({ category_id }) => category_id ?? [])), (id) =>
    tree.ask(Named, { method: 'GET', path: tree.dialect.category(id) }, signal),
  );
  const tags = new Map<string, Tag>();
  for (const [id, { name, category_id }] of used) {
    const category = categories.get(category_id ?? '')?.name;
    tags.set(id, { name, ...(category !== undefined && { category }) });
  }
  return new Map(
    [...byVm].map(([vm, ids]) => [vm, ids.flatMap((id) => tags.get(id) ?? []).sort((a, b) => compare(tagKey(a), tagKey(b)))]),
  );
}

/** The server lists the tags of a VM in an order of its own that changes. */
function tagKey({ category = '', name }: Tag): string {
  return `${category}\0${name}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function named<T>(ids: ReadonlySet<string>, ask: (id: string) => Promise<T>): Promise<ReadonlyMap<string, T>> {
  const found = new Map<string, T>();
  const queue = ids.values();
  await Promise.all(
    Array.from({ length: CONCURRENT }, async () => {
      for (const id of queue) found.set(id, await ask(id));
    }),
  );
  return found;
}

/** @throws MigrationError `source-answer-broken` for a status that says nothing about what was asked */
function refuseWeather(http: Http, status: number, path: string): void {
  if (status < 500 && status !== 429) return;
  throw new MigrationError('source-answer-broken', `${http.host} answered with HTTP status ${status} at ${path}`, {
    file: http.host,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MigrationError('source-answer-broken', 'Tags cannot be read: the answer is no JSON', { cause });
  }
}
