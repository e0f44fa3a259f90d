/** An open vCenter or ESXi. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Credentials, Trust } from '../../src/contracts/credentials.ts';
import type {
  Connection,
  ConnectOptions,
  InventoryEvent,
  PowerControl,
  ReadHint,
  SnapshotControl,
  SourceRetirement,
} from '../../src/contracts/provider.ts';
import type { SourceAccess } from '../../src/contracts/source-access.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { Inventory } from '../../src/model/inventory.ts';
import type { DiskSource } from '../../src/model/transfer.ts';
import type { SourceVm, VmRef } from '../../src/model/vm.ts';
import { sourceAccess } from './access.ts';
import type { Address } from './address.ts';
import { changeTracking } from './changes.ts';
import type { Http } from './http.ts';
import type { Atlas, Datastore } from './inventory/atlas.ts';
import { decodeName } from './inventory/names.ts';
import { InventoryReader, readAtlas } from './inventory/reader.ts';
import { openDisk } from './open-disk.ts';
import { powerControl } from './power.ts';
import { below } from './properties.ts';
import { sourceRetirement } from './retirement.ts';
import type { Session } from './session.ts';
import { snapshotControl } from './snapshots.ts';
import type { MoRef } from './vim/node.ts';
import { watch } from './watch.ts';

export interface ConnectionParts {
  readonly address: Address;
  readonly http: Http;
  readonly session: Session;
  readonly credentials: () => Promise<Credentials>;
  readonly trust?: Trust | undefined;
  readonly transport?: ConnectOptions['transport'] | undefined;
  /** Of a watched inventory; a test brings its own. */
  readonly clock?: Clock;
}

const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

export class VsphereConnection implements Connection {
  readonly name: string;
  readonly power: PowerControl;
  readonly snapshots: SnapshotControl;
  readonly changes: ChangeTracking;
  readonly retirement: SourceRetirement;
  readonly access: SourceAccess & AsyncDisposable;
  readonly #address: Address;
  readonly #http: Http;
  readonly #session: Session;
  readonly #credentials: () => Promise<Credentials>;
  readonly #transport: ConnectOptions['transport'];
  readonly #clock: Clock;
  readonly #hiddenDatastores = new Set<string>();
  readonly #single: InventoryReader;
  #datastores: Atlas['datastores'] | undefined;

  constructor({ address, http, session, credentials, trust, transport, clock = CLOCK }: ConnectionParts) {
    const { host, port, datacenter } = address;
    this.name = `vsphere://${host}${port === 443 ? '' : `:${port}`}${datacenter === undefined ? '' : `/${datacenter}`}`;
    this.#address = address;
    this.#http = http;
    this.#session = session;
    this.#credentials = credentials;
    this.#transport = transport;
    this.#clock = clock;
    this.#single = this.#reader();
    this.power = powerControl(session);
    this.snapshots = snapshotControl(session);
    this.changes = changeTracking(session);
    this.retirement = sourceRetirement(session);
    this.access = sourceAccess({ session, origin: address.origin, trust, changes: this.changes, credentials });
  }

  async *vms(signal: AbortSignal, hint?: ReadHint): AsyncGenerator<SourceVm> {
    signal.throwIfAborted();
    yield* this.#reader().all(signal, hint);
  }

  async vm(ref: VmRef, signal: AbortSignal): Promise<SourceVm | undefined> {
    signal.throwIfAborted();
    const vm = await this.#single.one(ref.id, signal);
    // The server knows no hardware of a VM that it does not reach; that is not a VM without disks.
    if (vm !== undefined && vm.disks.length === 0 && vm.connection !== undefined && vm.connection !== 'connected') {
      const { name, connection } = vm;
      throw new MigrationError('source-busy', `VM ${name} is ${connection}: its disks cannot be told`, { vm: ref.name });
    }
    return vm;
  }

  async surroundings(signal: AbortSignal): Promise<Omit<Inventory, 'vms'>> {
    signal.throwIfAborted();
    const atlas = await readAtlas(this.#session, signal);
    this.#datastores = atlas.datastores;
    return {
      networks: atlas.networks.all,
      storages: [...atlas.datastores.values()].map(({ dcPath: _dcPath, ...storage }) => storage),
      hosts: [...atlas.hosts.values()],
      relations: [...atlas.clusters.values()].flatMap(({ relations }) => relations),
    };
  }

  async openDisk(vm: VmRef, disk: string, signal: AbortSignal, snapshot?: string): Promise<DiskSource> {
    signal.throwIfAborted();
    const request = { vm, disk, ...(snapshot !== undefined && { snapshot }) };
    const ways = {
      address: this.#address,
      transport: this.#transport,
      datastore: (id: string) => this.#datastore(id, signal),
    };
    return await openDisk(this.#session, request, ways, signal);
  }

  watch(signal: AbortSignal): AsyncIterable<InventoryEvent> {
    const container = (live: AbortSignal) => this.#container(live);
    const reader = this.#reader({ keeps: true });
    return watch({ session: this.#session, clock: this.#clock, container, reader }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.access[Symbol.asyncDispose]();
    await this.#session[Symbol.asyncDispose]();
    await this.#http[Symbol.asyncDispose]();
  }

  /** Datastores come and go: one that is not known is looked for, once. */
  async #datastore(id: string, signal: AbortSignal): Promise<Datastore | undefined> {
    const known = this.#datastores?.get(id);
    if (known !== undefined || this.#hiddenDatastores.has(id)) return known;
    this.#datastores = (await readAtlas(this.#session, signal)).datastores;
    const found = this.#datastores.get(id);
    if (found === undefined) this.#hiddenDatastores.add(id);
    return found;
  }

  #reader(options: { readonly keeps?: boolean } = {}): InventoryReader {
    const container = (live: AbortSignal) => this.#container(live);
    return new InventoryReader({ session: this.#session, credentials: this.#credentials, container, ...options });
  }

  /** The datacenter of the URL, or everything. @throws MigrationError `source-not-found` */
  async #container(signal: AbortSignal): Promise<MoRef> {
    const root = this.#session.manager('rootFolder');
    const { datacenter } = this.#address;
    if (datacenter === undefined) return root;
    const names: string[] = [];
    for await (const found of below(this.#session, root, [{ type: 'Datacenter', paths: ['name'] }], signal)) {
      const name = decodeName(found.string('name') ?? '');
      if (name === datacenter) return found.ref;
      names.push(name);
    }
    throw new MigrationError(
      'source-not-found',
      `${this.#http.host} has no datacenter ${datacenter}; it has ${names.join(', ')}`,
    );
  }
}
