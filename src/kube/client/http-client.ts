/** KubeClient over HTTPS. One field manager writes: `kubeferry`. */
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { MigrationError } from '../../model/errors.ts';
import { OversizedError, readBytes, readJson, readJsonLines } from './json-stream.ts';
import type {
  ApplyOptions,
  BytesOptions,
  CallOptions,
  CreateOptions,
  DeleteOptions,
  KubeClient,
  KubeObject,
  ListOptions,
  ListPage,
  ObjectRef,
  Patch,
  ResourceType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './kube-client.ts';
import { pathOf, withQuery } from './paths.ts';
import { type Attempt, parseStatus, statusError } from './status.ts';
import { type ApiRequest, type Transport, transportTrouble } from './transport.ts';

const FIELD_MANAGER = 'kubeferry';
/** An API server gives up after 60 s by itself. */
const CALL_SILENCE_MS = 65_000;
const WATCH_SECONDS = 60;
const WATCH_GRACE_MS = 10_000;
const PAGE = 500;
/** An object has 1.5 MiB at most (etcd); a page of the largest is cut by the server's own limits long before this. */
const MAX_BODY = 256 * 1024 * 1024;
const MAX_LINE = 16 * 1024 * 1024;
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

const Meta = z.looseObject({ name: z.string() });
const ObjectBody = z.custom<KubeObject>((value) => z.looseObject({ metadata: Meta }).safeParse(value).success);
const ListBody = z.object({
  metadata: z.object({ resourceVersion: z.string().default(''), continue: z.string().optional() }),
  items: z
    .array(ObjectBody)
    .nullish()
    .transform((items) => items ?? []),
});
const EventLine = z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']), object: z.unknown() });
const BookmarkBody = z.object({ metadata: z.object({ resourceVersion: z.string() }) });
const EVENT_TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const;

export class HttpKubeClient implements KubeClient {
  readonly #transport: Transport;
  readonly #watchGrace: number;

  /** @param watchGrace how much later than promised a watch may end, in milliseconds */
  constructor(transport: Transport, watchGrace = WATCH_GRACE_MS) {
    this.#transport = transport;
    this.#watchGrace = watchGrace;
  }

  async get(type: ResourceType, ref: ObjectRef, { signal }: CallOptions): Promise<KubeObject | undefined> {
    const request = { method: 'GET', path: pathOf(type, ref) } as const;
    return await this.#unlessMissing(() => this.#object(request, { verb: 'get', type, ref }, signal));
  }

  async *list(type: ResourceType, options: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const { namespace, labels, fields, pageSize = PAGE, metadataOnly = false, consistent = false, signal } = options;
    const attempt = { verb: 'list', type, ref: { ...(namespace !== undefined && { namespace }) } };
    let token: string | undefined;
    do {
      const query = { labelSelector: labels, fieldSelector: fields, limit: String(pageSize), continue: token };
      const path = withQuery(pathOf(type, { ...(namespace !== undefined && { namespace }) }), query);
      const answer = await this.#send({ method: 'GET', path, ...(metadataOnly && { accept: METADATA_ONLY }) }, signal);
      const body = await this.#body(answer, signal);
      if (answer.statusCode === 410 && !consistent) {
        // The server gives a token for the rest as it is now.
        token = parseStatus(body).metadata?.continue;
        if (token !== undefined) continue;
      }
      const page = this.#parse(ListBody, this.#checked(answer, body, attempt));
      yield { items: page.items, resourceVersion: page.metadata.resourceVersion };
      token = page.metadata.continue;
    } while (token !== undefined && token !== '');
  }

  async create(type: ResourceType, object: KubeObject, { dryRun, signal }: CreateOptions): Promise<KubeObject> {
    const { namespace, name } = object.metadata;
    const query = { ...WRITE, ...(dryRun === true && DRY_RUN) };
    const path = withQuery(pathOf(type, { ...(namespace !== undefined && { namespace }) }), query);
    const body = jsonBody('application/json', complete(type, object));
    return await this.#object({ method: 'POST', path, body }, { verb: 'create', type, ref: refOf(namespace, name) }, signal);
  }

  async apply(type: ResourceType, object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { force, dryRun, subresource, signal } = options;
    const { namespace, name } = object.metadata;
    const ref = refOf(namespace, name);
    const query = { ...WRITE, force: force === true ? 'true' : undefined, ...(dryRun === true && DRY_RUN) };
    const path = withQuery(pathOf(type, ref, subresource), query);
    const body = jsonBody('application/apply-patch+yaml', complete(type, object));
    return await this.#object({ method: 'PATCH', path, body }, { verb: 'patch', type, ref }, signal);
  }

  async patch(type: ResourceType, ref: ObjectRef, patch: Patch, { subresource, signal }: WriteOptions): Promise<KubeObject> {
    const path = withQuery(pathOf(type, ref, subresource), WRITE);
    const body = jsonBody(Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json', patch);
    return await this.#object({ method: 'PATCH', path, body }, { verb: 'patch', type, ref }, signal);
  }

  async delete(type: ResourceType, ref: ObjectRef, options: DeleteOptions): Promise<boolean> {
    const { propagation = 'Background', uid, resourceVersion, signal } = options;
    const preconditions = { ...(uid !== undefined && { uid }), ...(resourceVersion !== undefined && { resourceVersion }) };
    const body = jsonBody('application/json', {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: propagation,
      preconditions,
    });
    const request = { method: 'DELETE', path: pathOf(type, ref), body } as const;
    const gone = await this.#unlessMissing(() => this.#json(request, { verb: 'delete', type, ref }, signal));
    return gone !== undefined;
  }

  async *watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent, void, undefined> {
    const { namespace, labels, fields, resourceVersion, seconds = WATCH_SECONDS, signal } = options;
    const ref = { ...(namespace !== undefined && { namespace }) };
    const attempt = { verb: 'watch', type, ref };
    const path = withQuery(pathOf(type, ref), {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      labelSelector: labels,
      fieldSelector: fields,
      timeoutSeconds: String(seconds),
    });
    const silence = seconds * 1000 + this.#watchGrace;
    const answer = await this.#transport.send({ method: 'GET', path, watch: true, silence, signal });
    if (answer.statusCode !== 200) this.#checked(answer, await this.#body(answer, signal), attempt);
    try {
      for await (const line of readJsonLines(answer, MAX_LINE)) {
        const { type: kind, object } = this.#parse(EventLine, line);
        if (kind === 'ERROR') {
          const status = parseStatus(object);
          throw statusError(status.code ?? 500, status, { host: this.#transport.host, ...attempt });
        }
        if (kind === 'BOOKMARK') {
          const { metadata } = this.#parse(BookmarkBody, object);
          yield { type: 'bookmark', object: { metadata: { name: '', ...metadata } } };
        } else yield { type: EVENT_TYPES[kind], object: this.#parse(ObjectBody, object) };
      }
    } catch (error) {
      throw this.#trouble(error, signal);
    } finally {
      answer.destroy();
    }
  }

  async read(path: string, { signal }: CallOptions): Promise<unknown> {
    return await this.#json({ method: 'GET', path }, { verb: 'get', path }, signal);
  }

  async readBytes(path: string, { accept, maxBytes, signal }: BytesOptions): Promise<Buffer> {
    const answer = await this.#send({ method: 'GET', path, accept }, signal);
    // Trouble is told in JSON, whatever was asked for.
    if (answer.statusCode !== 200) this.#checked(answer, await this.#body(answer, signal), { verb: 'get', path });
    try {
      return await readBytes(answer, maxBytes);
    } catch (error) {
      throw this.#trouble(error, signal);
    }
  }

  async #object(request: Call, attempt: Tried, signal: AbortSignal): Promise<KubeObject> {
    return this.#parse(ObjectBody, await this.#json(request, attempt, signal));
  }

  async #json(request: Call, attempt: Tried, signal: AbortSignal): Promise<unknown> {
    const answer = await this.#send(request, signal);
    return this.#checked(answer, await this.#body(answer, signal), attempt);
  }

  async #send(request: Call, signal: AbortSignal): Promise<IncomingMessage> {
    return await this.#transport.send({ ...request, silence: CALL_SILENCE_MS, signal });
  }

  /** Undefined where an answer that is no success holds no JSON: proxies answer in HTML. */
  async #body(answer: IncomingMessage, signal: AbortSignal): Promise<unknown> {
    try {
      return await readJson(answer, MAX_BODY);
    } catch (error) {
      if (error instanceof SyntaxError && answer.statusCode !== 200) return undefined;
      throw this.#trouble(error, signal);
    }
  }

  #checked({ statusCode = 0 }: IncomingMessage, body: unknown, attempt: Tried): unknown {
    if (statusCode >= 200 && statusCode < 300) return body;
    throw statusError(statusCode, parseStatus(body), { host: this.#transport.host, ...attempt });
  }

  #parse<T>(schema: z.ZodType<T>, value: unknown): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw this.#broken('it is not what a Kubernetes API server says');
  }

  #trouble(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof SyntaxError && !signal.aborted) return this.#broken('it is no JSON');
    if (error instanceof OversizedError) return this.#broken('it is larger than any that an API server gives');
    return transportTrouble(error, this.#transport.host, signal);
  }

  #broken(why: string): MigrationError {
    const { host } = this.#transport;
    return new MigrationError('cluster-answer-broken', `An answer of ${host} cannot be used: ${why}.`, { file: host });
  }

  async #unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      const missing = error instanceof MigrationError && MISSING.has(error.code);
      if (missing) return undefined;
      throw error;
    }
  }
}

type Call = Pick<ApiRequest, 'method' | 'path' | 'body' | 'accept'>;
type Tried = Omit<Attempt, 'host'>;

const MISSING: ReadonlySet<string> = new Set(['cluster-object-missing', 'cluster-namespace-missing']);
/** Nothing is stored. */
const DRY_RUN = { dryRun: 'All' } as const;
const WRITE = { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict' } as const;

function jsonBody(type: string, value: unknown): NonNullable<ApiRequest['body']> {
  return { type, text: JSON.stringify(value) };
}

/** With the two fields that every written object needs and that callers know from the type. */
function complete({ group, version, kind }: ResourceType, object: KubeObject): KubeObject {
  return { ...object, apiVersion: group === '' ? version : `${group}/${version}`, kind };
}

function refOf(namespace: string | undefined, name: string): ObjectRef {
  return { name, ...(namespace !== undefined && { namespace }) };
}
