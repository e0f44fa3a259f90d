/**
 * How this program talks to an API server: raw JSON in, raw JSON out, so that no field that a newer cluster has is ever lost. Objects are what
 * the server says; whoever needs a part of one reads it at the boundary. The implementation is http-client.ts.
 */

/** One kind as the API server addresses it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  readonly name: string;
  /** Absent for kinds of the whole cluster. */
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

export interface KubeObject {
  /** Absent on the items of a list. */
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

export interface ObjectRef {
  /** Absent for kinds of the whole cluster. */
  readonly namespace?: string;
  readonly name: string;
}

/** Which objects of a kind; all of the cluster when nothing is said. */
export interface Selection {
  readonly namespace?: string;
  /** `app=web,tier!=db` */
  readonly labels?: string;
  /** `status.phase!=Failed` */
  readonly fields?: string;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface BytesOptions extends CallOptions {
  /** Media type. */
  readonly accept: string;
  readonly maxBytes: number;
}

export interface ListOptions extends CallOptions, Selection {
  /** Objects a page; 500 when absent. */
  readonly pageSize?: number;
  /** Names, labels, annotations and owners only: the server leaves out everything else. */
  readonly metadataOnly?: boolean;
  /**
   * All pages must be of one moment, as a watch needs it: `cluster-expired` is thrown when the server has forgotten that moment before the last
   * page. Otherwise the rest is read as it is now.
   */
  readonly consistent?: boolean;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  /** Of the moment that the page shows; where a watch goes on. */
  readonly resourceVersion: string;
}

export interface WriteOptions extends CallOptions {
  /** Only the named part is written, such as `status`. */
  readonly subresource?: string;
}

export interface CreateOptions extends CallOptions {
  /** Everything but the writing: the answer is what the object would be. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions, CreateOptions {
  /** Take fields over that another program holds. Only for objects that are ours. */
  readonly force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** `Background` when absent: what the object owns goes after it. */
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
  /** Delete only this very object, not a later one of the same name. */
  readonly uid?: string;
  /** Delete only this very state of it. */
  readonly resourceVersion?: string;
}

export interface WatchOptions extends CallOptions, Selection {
  /** Where to go on: of a list, of an event or of a bookmark. */
  readonly resourceVersion: string;
  /** After how long the server ends the watch; 60 when absent. A quiet watch that outlives this by ten seconds is dead. */
  readonly seconds?: number;
}

export interface WatchEvent {
  /** A bookmark holds nothing but a newer `metadata.resourceVersion`. */
  readonly type: 'added' | 'modified' | 'deleted' | 'bookmark';
  readonly object: KubeObject;
}

/** A merge patch (RFC 7396) or, as an array, a JSON patch (RFC 6902). */
export type Patch = Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];

/**
 * Every call throws MigrationErrors: `cluster-unreachable`, `cluster-untrusted`, `cluster-login-failed`, `cluster-busy`,
 * `cluster-answer-broken`, `cluster-forbidden` and `cluster-kind-missing`; writes also `cluster-refused`, `cluster-conflict`,
 * `cluster-namespace-missing`, `quota-exceeded`; or the reason of the signal. Unknown fields of what is written are refused, not dropped.
 */
export interface KubeClient {
  /** Undefined when it is not there. */
  get(type: ResourceType, ref: ObjectRef, options: CallOptions): Promise<KubeObject | undefined>;
  /** Page by page, so that a kind with many objects is never in memory as a whole. */
  list(type: ResourceType, options: ListOptions): AsyncGenerator<ListPage, void, undefined>;
  /** @throws MigrationError also `cluster-object-exists` */
  create(type: ResourceType, object: KubeObject, options: CreateOptions): Promise<KubeObject>;
  /**
   * Server-side apply: makes the object, or sets exactly the fields that are given and drops those that an earlier apply gave.
   * @throws MigrationError also `cluster-field-conflict` where another program holds a field
   */
  apply(type: ResourceType, object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  /** With `metadata.resourceVersion` in a merge patch, only that state is changed. @throws MigrationError also `cluster-object-missing` */
  patch(type: ResourceType, ref: ObjectRef, patch: Patch, options: WriteOptions): Promise<KubeObject>;
  /** False when it was not there. */
  delete(type: ResourceType, ref: ObjectRef, options: DeleteOptions): Promise<boolean>;
  /**
   * Changes from a moment on, until the server ends the watch, which it does in good order after `seconds`.
   * @throws MigrationError also `cluster-expired` when the moment is forgotten: list again
   */
  watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent, void, undefined>;
  /** A document of the API server itself, such as `/version`. */
  read(path: string, options: CallOptions): Promise<unknown>;
  /** Something that is no JSON, such as a picture. @throws MigrationError also `cluster-answer-broken` for more than `maxBytes` */
  readBytes(path: string, options: BytesOptions): Promise<Buffer>;
}
