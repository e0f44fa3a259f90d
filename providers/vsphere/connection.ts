/** An open vCenter or ESXi. */
import type { ChangeTracking } from '../../src/contracts/change-tracking.ts';
import type { Credentials, Trust } from '../../src/contracts/credentials.ts';
import type {
  Connection,
  ConnectOptions,
  InventoryEvent,
  PowerControl,
  ReadHint,
  SnapshotControl,
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
import { type Atlas, buildAtlas } from './inventory/atlas.ts';
import { decodeName } from './inventory/names.ts';
import { SURROUNDING, VM_PATHS } from './inventory/paths.ts';
import { readTags } from './inventory/tags.ts';
import { type Beside, toVm } from './inventory/to-vm.ts';
import { listVms, readVms } from './inventory/vm-reader.ts';
import { openDisk } from './open-disk.ts';
import { powerControl } from './power.ts';
import { below, properties, these } from './properties.ts';
import type { Session } from './session.ts';
import { snapshotControl } from './snapshots.ts';
import { type MoRef, members } from './vim/node.ts';
import { watch } from './watch.ts';

export interface ConnectionParts {
  readonly address: Address;
  readonly http: Http;
  readonly session: Session;
  readonly credentials: () => Promise<Credentials>;
  readonly trust?: Trust | undefined;
  readonly transport?: ConnectOptions['transport'] | undefined;
}

export class VsphereConnection implements Connection {
  readonly name: string;
  readonly power: PowerControl;
  readonly snapshots: SnapshotControl;
  readonly changes: ChangeTracking;
  readonly access: SourceAccess & AsyncDisposable;
  readonly #address: Address;
  readonly #http: Http;
  readonly #session: Session;
  readonly #credentials: () => Promise<Credentials>;
  readonly #transport: ConnectOptions['transport'];
  #atlas: Atlas | undefined;

  constructor({ address, http, session, credentials, trust, transport }: ConnectionParts) {
    const { host, port, datacenter } = address;
    this.name = `vsphere://${host}${port === 443 ? '' : `:${port}`}${datacenter === undefined ? '' : `/${datacenter}`}`;
    this.#address = address;
    this.#http = http;
    this.#session = session;
    this.#credentials = credentials;
    this.#transport = transport;
    this.power = powerControl(session);
    this.snapshots = snapshotControl(session);
    this.changes = changeTracking(session);
    this.access = sourceAccess({ session, origin: address.origin, trust, changes: this.changes, credentials });
  }

  async *vms(signal: AbortSignal, hint?: ReadHint): AsyncGenerator<SourceVm> {
    signal.throwIfAborted();
    yield* this.#readAll(signal, () => undefined, hint);
  }

  async surroundings(signal: AbortSignal): Promise<Omit<Inventory, 'vms'>> {
    signal.throwIfAborted();
    const atlas = await this.#readAtlas(signal);
    return {
      networks: atlas.networks.all,
      storages: [...atlas.datastores.values()].map(({ dcPath: _dcPath, ...storage }) => storage),
      hosts: [...atlas.hosts.values()],
      relations: [...atlas.clusters.values()].flatMap(({ relations }) => relations),
    };
  }

  async openDisk(vm: VmRef, disk: string, signal: AbortSignal, snapshot?: string): Promise<DiskSource> {
    signal.throwIfAborted();
    const { datastores } = this.#atlas ?? (await this.#readAtlas(signal));
    const request = { vm, disk, ...(snapshot !== undefined && { snapshot }) };
    const ways = { address: this.#address, datastores, transport: this.#transport };
    return await openDisk(this.#session, request, ways, signal);
  }

  watch(signal: AbortSignal): AsyncIterable<InventoryEvent> {
    let beside: Beside | undefined;
    const session = this.#session;
    return watch(
      {
        session,
        container: (live) => this.#container(live),
        readAll: (live) =>
          this.#readAll(live, (read) => {
            beside = read;
          }),
        readSome: async function* (this: void, ids, live) {
          if (beside === undefined) return;
          const refs = ids.map((id) => ({ type: 'VirtualMachine', id }));
          for await (const found of these(session, refs, { type: 'VirtualMachine', paths: VM_PATHS }, live))
            yield toVm(found, beside);
        },
      },
      signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.access[Symbol.asyncDispose]();
    await this.#session[Symbol.asyncDispose]();
    await this.#http[Symbol.asyncDispose]();
  }

  /** All VMs, after what is around them was given to `keep`. */
  async *#readAll(signal: AbortSignal, keep: (beside: Beside) => void, hint?: ReadHint): AsyncGenerator<SourceVm> {
    const all = await listVms(this.#session, await this.#container(signal), signal);
    const wanted = hint?.wants === undefined ? all : all.filter(hint.wants);
    const beside = await this.#readBeside(wanted, signal);
    keep(beside);
    for await (const found of readVms(this.#session, wanted, signal)) yield toVm(found, beside);
  }

  async #readAtlas(signal: AbortSignal): Promise<Atlas> {
    const root = this.#session.manager('rootFolder');
    this.#atlas = buildAtlas(await Array.fromAsync(below(this.#session, root, SURROUNDING, signal)));
    return this.#atlas;
  }

  async #readBeside(vms: readonly VmRef[], signal: AbortSignal): Promise<Beside> {
    const atlas = await this.#readAtlas(signal);
    const attributes = await this.#readAttributes(signal);
    return { atlas, attributes, tags: await this.#readTags(vms, signal), policies: new Map() };
  }

  async #readTags(vms: readonly VmRef[], signal: AbortSignal): Promise<Beside['tags']> {
    // A standalone ESXi has none.
    if (this.#session.about.apiType !== 'VirtualCenter') return new Map();
    const ids = vms.map(({ id }) => id);
    return (await readTags(this.#http, { vms: ids, credentials: await this.#credentials() }, signal)).tags;
  }

  /** Names of custom attributes by key. */
  async #readAttributes(signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (!this.#session.has('customFieldsManager')) return new Map();
    const found = await properties(this.#session, this.#session.manager('customFieldsManager'), ['field'], signal);
    return new Map(members(found?.node('field')).map((field) => [field.string('key') ?? '', field.string('name') ?? '']));
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
