/** Custom resources as a door sees them: stored, checked against their schema, kept up with by somebody else. */

export interface Resource<Spec, Status> {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Counts the changes of the spec. */
  readonly generation: number;
  /** Its deletion was asked for. */
  readonly deleting: boolean;
  readonly spec: Spec;
  readonly status?: Status;
}

/** All resources of one kind that this program may see, as they were told last. */
export interface Resources<Spec, Status> {
  get(key: string): Resource<Spec, Status> | undefined;
  values(): Iterable<Resource<Spec, Status>>;
  /** Those that another resource owns. @param uid of the owner */
  ownedBy(uid: string): readonly Resource<Spec, Status>[];
  /**
   * Makes one that `owner` owns, or sets exactly these fields of its spec. It stays until `release` when its deletion is asked for.
   * @throws MigrationError of the cluster
   */
  make(owned: OwnedSpec, signal: AbortSignal): Promise<Made<Spec, Status>>;
  /** Sets the whole status. @throws MigrationError of the cluster; `cluster-object-missing` when it is gone */
  saveStatus(of: ResourceState, status: Status, signal: AbortSignal): Promise<void>;
  /** Asks for the deletion of this very one. Nothing happens when it is gone. */
  delete(of: ResourceState, signal: AbortSignal): Promise<void>;
  /** Lets go of one whose deletion was asked for: takes our finalizer away. */
  release(of: ResourceState, signal: AbortSignal): Promise<void>;
  /** Called with the key of whatever was made, changed or deleted. Must not throw and must not wait. */
  subscribe(listener: (key: string) => void): void;
}

/** As it was the moment it was made. */
export type Made<Spec, Status> = Resource<Spec, Status> & { readonly resourceVersion: string };

export interface ResourceState {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Only this very state is changed; any when absent. */
  readonly resourceVersion?: string;
}

export interface OwnedSpec {
  readonly name: string;
  readonly owner: ResourceName;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What an object is known by when it owns others, or is told about. */
export interface ResourceName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Keys to be looked at: each waits once, is looked at by one worker at a time, and comes back later after a failure. */
export interface KeyedWork {
  add(key: string): void;
  addAfter(key: string, milliseconds: number): void;
  run(options: {
    readonly work: (key: string, signal: AbortSignal) => Promise<{ readonly again: number } | undefined>;
    readonly workers: number;
    /** Milliseconds that work may go on after the signal. */
    readonly grace: number;
    readonly onFailure?: (key: string, error: unknown, again: number) => void;
    readonly signal: AbortSignal;
  }): Promise<void>;
}
