/**
 * What every provider must do, whatever it talks to. A provider's test calls `describeProvider` with a way to set up a source;
 * everything here goes through the public contract (src/contracts/provider.ts).
 */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Connection, ConnectOptions, Provider } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { DiskSource } from '../../src/model/transfer.ts';
import type { SourceVm } from '../../src/model/vm.ts';

export interface ProviderSetup {
  readonly provider: Provider;
  /** A source with at least one VM and one disk that can be opened. */
  readonly source: string;
  /** Login and trust, where the source needs them. */
  readonly options?: Omit<ConnectOptions, 'signal'>;
  /** Text that must not appear in names, facts or disk sources: passwords, tokens. */
  readonly secrets?: readonly string[];
  /** The source describes VMs and holds no disks: each is refused with `inventory-only`. */
  readonly inventoryOnly?: boolean;
}

/** Registers the suite. `setup` is called once for each test and cleans up through `t.after`. */
export function describeProvider(name: string, setup: (t: TestContext) => Promise<ProviderSetup> | ProviderSetup): void {
  describe(`${name} keeps the contract of a provider`, () => {
    function provide(sentence: string, body: (connection: Connection, given: ProviderSetup) => Promise<void>): void {
      test(sentence, async (t) => {
        const given = await setup(t);
        await using connection = await given.provider.connect(given.source, { ...given.options, signal: live() });
        await body(connection, given);
      });
    }

    provide('it claims its source, and only by the text', async (_, { provider, source }) => {
      assert.equal(provider.claims(source), true);
      assert.equal(provider.claims('nosuchkind://user@host/'), false);
    });

    provide('two readings of the inventory are equal, in order too', async (connection, { provider, source, options }) => {
      const first = await list(connection);
      assert.ok(first.length > 0);
      assert.deepEqual(await list(connection), first);
      await using another = await provider.connect(source, { ...options, signal: live() });
      assert.deepEqual(await list(another), first);
    });

    provide('a VM that is read by itself is the one of the inventory, and one that is gone is none', async (connection) => {
      if (connection.vm === undefined) return;
      for (const vm of await list(connection)) assert.deepEqual(await connection.vm(vm.ref, live()), vm);
      assert.equal(await connection.vm({ id: 'no such id', name: 'nobody' }, live()), undefined);
      await assert.rejects(connection.vm({ id: 'no such id', name: 'nobody' }, AbortSignal.abort()));
    });

    provide('references are unique and carry the name', async (connection) => {
      const vms = await list(connection);
      assert.equal(new Set(vms.map((vm) => vm.ref.id)).size, vms.length);
      for (const vm of vms) assert.equal(vm.ref.name, vm.name);
    });

    provide(
      'keys of disks, controllers, drives and NICs are unique in a VM, and slots name its controllers',
      async (connection) => {
        for (const vm of await list(connection)) {
          for (const devices of [vm.disks, vm.controllers, vm.cdroms, vm.nics]) {
            assert.equal(new Set(devices.map(({ key }) => key)).size, devices.length);
          }
          const controllers = new Set(vm.controllers.map(({ key }) => key));
          for (const { slot } of [...vm.disks, ...vm.cdroms]) assert.ok(slot === undefined || controllers.has(slot.controller));
        }
      },
    );

    provide('facts survive JSON: no undefined values, no functions, no surprises', async (connection) => {
      const vms = await list(connection);
      assert.deepEqual(JSON.parse(JSON.stringify(vms)), vms);
    });

    provide(
      'every disk opens to a source of its size, the same each time',
      async (connection, { provider, source, options, inventoryOnly }) => {
        await using fresh = await provider.connect(source, { ...options, signal: live() });
        let opened = 0;
        for (const vm of await list(connection)) {
          for (const disk of vm.disks) {
            opened += 1;
            if (inventoryOnly) {
              await assert.rejects(connection.openDisk(vm.ref, disk.key, live()), { code: 'inventory-only' });
              continue;
            }
            const found: DiskSource = await connection.openDisk(vm.ref, disk.key, live());
            assert.equal(found.capacity, disk.capacity);
            // A connection that has not listed anything finds it too.
            assert.deepEqual(await fresh.openDisk(vm.ref, disk.key, live()), found);
            assert.deepEqual(JSON.parse(JSON.stringify(found)), found);
          }
        }
        assert.ok(opened > 0);
      },
    );

    provide('an unknown VM and an unknown disk are not found', async (connection) => {
      const [vm] = await list(connection);
      assert.ok(vm !== undefined);
      await assert.rejects(connection.openDisk({ id: 'no such id', name: 'nobody' }, 'scsi0:0', live()), isNotFound);
      await assert.rejects(connection.openDisk(vm.ref, 'no such disk', live()), isNotFound);
    });

    provide('what VMs are attached to is in the surroundings', async (connection) => {
      const { networks, storages, hosts } = await connection.surroundings(live());
      for (const things of [networks, storages, hosts]) assert.equal(new Set(things.map(({ id }) => id)).size, things.length);
      const known = new Set(networks.map(({ id }) => id));
      for (const vm of await list(connection)) {
        for (const { network } of vm.nics) assert.ok(network === undefined || known.has(network.id));
      }
    });

    provide('an aborted signal ends every call', async (connection, { provider, source, options }) => {
      const [vm] = await list(connection);
      assert.ok(vm !== undefined);
      const aborted = AbortSignal.abort();
      await assert.rejects(provider.connect(source, { ...options, signal: aborted }));
      await assert.rejects(Array.fromAsync(connection.vms(aborted)));
      await assert.rejects(connection.surroundings(aborted));
      await assert.rejects(connection.openDisk(vm.ref, vm.disks[0]?.key ?? '', aborted));
    });

    provide('no secret is in a name, a fact or a disk source', async (connection, { secrets = [], inventoryOnly }) => {
      const vms = await list(connection);
      const sources = [];
      if (!inventoryOnly)
        for (const vm of vms) for (const disk of vm.disks) sources.push(await connection.openDisk(vm.ref, disk.key, live()));
      const told = JSON.stringify([connection.name, vms, sources, await connection.surroundings(live())]);
      for (const secret of secrets) assert.ok(!told.includes(secret));
      assert.doesNotMatch(connection.name, /\/\/[^/@]*:[^/@]*@/);
    });
  });
}

async function list(connection: Connection): Promise<readonly SourceVm[]> {
  return await Array.fromAsync(connection.vms(live()));
}

function live(): AbortSignal {
  return new AbortController().signal;
}

function isNotFound(error: unknown): boolean {
  return error instanceof MigrationError && error.code === 'vm-not-found';
}
