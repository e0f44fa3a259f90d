/** What holds for the networks of every plan, with and without made attachments. Seeds are fixed: a failure can be repeated. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MappingContext } from '../../mappings/context.ts';
import { mapVm } from '../../mappings/index.ts';
import { planNetworks } from '../../mappings/network-attachments.ts';
import { sharedNetworks } from '../../mappings/shared-networks.ts';
import { segmentOf } from '../../mappings/vlans.ts';
import type { CniConfig, VirtualMachine } from '../../src/model/manifest.ts';
import type { NetworkGeneration, NetworkMap, SharedObject } from '../../src/model/mapping.ts';
import type { NetworkRef } from '../../src/model/network.ts';
import type { MacAddress } from '../../src/model/units.ts';
import type { Nic, SourceVm } from '../../src/model/vm.ts';
import { inventedFacts, phantomTargets, unexplainedFields, unnamedFacts } from './every-field.ts';
import { covers, leaves } from './leaves.ts';
import { faults } from './manifest-faults.ts';
import { smallVm } from './small-vm.ts';

const SETTINGS = { seed: 20_261_122, numRuns: 300 };
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const vlanId = fc.integer({ min: 1, max: 4094 });
const trunk = fc.record(
  {
    ranges: fc
      .uniqueArray(fc.integer({ min: 0, max: 4094 }), { minLength: 2, maxLength: 6 })
      .map((ends) => ends.toSorted((a, b) => a - b))
      .map((ends) => ends.flatMap((first, index) => (index % 2 === 0 ? [{ first, last: ends[index + 1] ?? first }] : []))),
    native: fc.integer({ min: 0, max: 4094 }),
  },
  { requiredKeys: ['ranges'] },
);
const network: fc.Arbitrary<NetworkRef> = fc.record(
  {
    id: fc.constantFrom('n-1', 'n-2', 'n-3', 'n-4'),
    name: fc.oneof(
      fc.constantFrom('Prod LAN', 'prod-lan', 'prod_lan-vlan-10', 'DMZ', '数据', '---', 'x'.repeat(90)),
      fc.string({ unit: 'binary', maxLength: 80 }),
    ),
    kind: fc.constantFrom('standard', 'distributed', 'nsx', 'hyperv-external', 'hyperv-private', 'ovf'),
    switchName: fc.constantFrom('vSwitch0', 'DMZ'),
    vlan: fc.oneof(fc.constantFrom(0, 10, 4095), vlanId),
    trunk,
    privateVlan: fc.constant({ primary: 100, secondary: 101 }),
    overlay: fc.constant('5001'),
    mtu: fc.constantFrom(1500, 9000),
    promiscuous: fc.boolean(),
  },
  { requiredKeys: ['id', 'name'] },
);
const nic: fc.Arbitrary<Omit<Nic, 'key' | 'label'>> = fc.record(
  {
    network,
    mac: fc.nat(0xffffff).map(
      (n) =>
        `00:50:56:${(n | 0x1000000)
          .toString(16)
          .slice(1)
          .replace(/..(?=.)/g, '$&:')}` as MacAddress,
    ),
    startConnected: fc.boolean(),
    macSpoofing: fc.boolean(),
    addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('fe80::1', 'nonsense')), { maxLength: 3 }),
    guestIp: fc.record(
      {
        dhcp: fc.boolean(),
        addresses: fc.array(
          fc.record({ address: fc.oneof(fc.ipV4(), fc.ipV6()), prefix: fc.nat(32) }, { requiredKeys: ['address'] }),
          { maxLength: 4 },
        ),
        gateways: fc.array(fc.ipV4(), { maxLength: 2 }),
      },
      { requiredKeys: ['addresses'] },
    ),
  },
  { requiredKeys: [] },
);
const inventory: fc.Arbitrary<readonly SourceVm[]> = fc.array(fc.array(nic, { maxLength: 5 }), { maxLength: 5 }).map((vms) =>
  vms.map((nics, index) =>
    smallVm({
      ref: { id: `vm-${index}`, name: `vm ${index}` },
      nics: nics.map((one, place) => ({ ...one, key: `nic${place}`, label: `NIC ${place}` })),
    }),
  ),
);
const generation = fc.constantFrom<NetworkGeneration | undefined>(
  undefined,
  { kind: 'bridge', bridge: 'br1' },
  { kind: 'bridge', bridge: 'br1', namespace: 'nets' },
  { kind: 'ovn-localnet', physicalNetwork: 'physnet', namespace: 'nets' },
  { kind: 'ovn-localnet', physicalNetwork: 'physnet' },
);
const networkMap = fc.constantFrom<NetworkMap>(
  { entries: [] },
  {
    entries: [
      { source: { name: 'Prod LAN', vlan: 10 }, target: { type: 'pod' } },
      { source: 'n-2', target: { type: 'multus', namespace: 'nets', pool: ['a', 'b'] } },
      { source: { id: 'n-3' }, target: { type: 'sriov', name: 'fast' } },
      { source: { vlan: 10 }, target: { type: 'udn' } },
    ],
  },
);
const facts = fc.constantFrom<MappingContext['facts']>(
  {},
  {
    networkAttachments: [
      { namespace: 'nets', name: 'dmz', type: 'bridge', bridge: 'br1', vlan: 7 },
      { namespace: 'default', name: 'ten', type: 'cnv-bridge', bridge: 'br1', vlan: 10 },
      { namespace: 'nets', name: 'prod-lan', type: 'macvlan' },
    ],
    namespaces: [{ name: 'vms', labels: { 'k8s.ovn.org/primary-user-defined-network': '' } }],
    userDefinedNetworks: [{ name: 'udn', topology: 'layer2', role: 'primary', subnets: ['0.0.0.0/1', '::/1'] }],
  },
);
const run = fc.record({ vms: inventory, networkMap, facts, generation, namespace: fc.constantFrom('vms', 'other', undefined) });

interface Planned {
  readonly context: Omit<MappingContext, 'name'>;
  readonly objects: readonly SharedObject[];
}

type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

function plan({ vms, networkMap: map, facts: known, generation: generateNetworks, namespace }: Run): Planned {
  const options: MappingContext['options'] = {
    devices: 'virtio',
    ...(generateNetworks === undefined ? {} : { generateNetworks }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  const networkPlan = planNetworks(vms, { facts: known, options });
  const context = { networkMap: map, storageMap: { entries: [] }, facts: known, options, networkPlan };
  return { context, objects: sharedNetworks(vms, context).objects };
}

function machine(vm: SourceVm, context: Planned['context']): VirtualMachine {
  const found = mapVm(vm, { ...context, name: 'some-vm' }).manifests.at(-1);
  assert.ok(found?.kind === 'VirtualMachine');
  return found;
}

function configOf({ manifest }: SharedObject): CniConfig {
  return JSON.parse(manifest.spec.config);
}

test('manifests are valid, and every fact and every field has a decision, whatever the networks are', () => {
  fc.assert(
    fc.property(run, (given) => {
      const { context } = plan(given);
      for (const vm of given.vms) {
        const mapping = mapVm(vm, { ...context, name: 'some-vm' });
        assert.deepEqual(faults(mapping.manifests), []);
        assert.deepEqual(unnamedFacts(vm, mapping), []);
        assert.deepEqual(inventedFacts(vm, mapping), []);
        assert.deepEqual(unexplainedFields(mapping), []);
        assert.deepEqual(phantomTargets(mapping), []);
      }
    }),
    SETTINGS,
  );
});

test('a VM has one default network at most, and its NICs keep order and MAC addresses', () => {
  fc.assert(
    fc.property(run, (given) => {
      const { context } = plan(given);
      for (const vm of given.vms) {
        const { networks, domain } = machine(vm, context).spec.template.spec;
        assert.ok(networks.filter((one) => 'pod' in one).length <= 1);
        const left = vm.nics.map(({ mac }) => mac);
        for (const { macAddress } of domain.devices.interfaces) {
          const at = left.indexOf(macAddress as MacAddress | undefined);
          assert.notEqual(at, -1, `${macAddress} of no NIC, or out of order`);
          left.splice(0, at + 1);
        }
      }
    }),
    SETTINGS,
  );
});

/** Fields of a made attachment that no decision explains. */
function unexplained({ manifest, decisions }: SharedObject): readonly string[] {
  const { metadata, spec } = manifest;
  return leaves({ metadata, spec }, 'leaf')
    .map((leaf) => `NetworkAttachmentDefinition/${metadata.name}/${leaf}`)
    .filter((leaf) => !decisions.some(({ to }) => covers(to, leaf)));
}

test('made attachments have valid unique names and a configuration that says what the source says', () => {
  fc.assert(
    fc.property(run, (given) => {
      const { objects } = plan(given);
      const names = objects.map(({ manifest }) => manifest.metadata.name);
      assert.equal(new Set(names).size, names.length);
      for (const one of objects) {
        const config = configOf(one);
        assert.match(one.manifest.metadata.name, LABEL);
        assert.equal(config.name, one.manifest.metadata.name);
        assert.deepEqual(unexplained(one), []);
        if (config.type !== 'bridge') {
          assert.equal(config.netAttachDefName, `${one.manifest.metadata.namespace}/${config.name}`);
          continue;
        }
        assert.ok(config.vlan === undefined || config.vlanTrunk === undefined, 'an access port and a trunk port in one');
        for (const item of config.vlanTrunk ?? []) {
          const [first, last] = 'id' in item ? [item.id, item.id] : [item.minID, item.maxID];
          assert.ok(1 <= first && first <= last && last <= 4094);
        }
      }
    }),
    SETTINGS,
  );
});

test('every VM on one network gets the same attachment, with its VLAN, and there are no more of them than networks', () => {
  fc.assert(
    fc.property(run, (given) => {
      const { context, objects } = plan({ ...given, networkMap: { entries: [] } });
      const refs = given.vms.flatMap(({ nics }) => nics.flatMap((one) => one.network ?? []));
      const different = new Set(refs.map((ref) => JSON.stringify([ref.name, ref.vlan, ref.trunk, ref.mtu])));
      assert.ok(objects.length <= different.size);
      const byName = new Map(objects.map((one) => [one.manifest.metadata.name, configOf(one)]));
      for (const ref of refs) {
        const planned = context.networkPlan?.find(ref);
        assert.deepEqual(context.networkPlan?.find({ ...ref }), planned);
        if (planned === undefined || 'refused' in planned || planned.made === undefined) continue;
        const segment = segmentOf(ref);
        const config = byName.get(planned.name);
        const vlan = config?.type === 'bridge' ? config.vlan : config?.vlanID;
        assert.equal(vlan, segment.kind === 'access' ? segment.vlan : undefined);
        assert.equal(config?.mtu, ref.mtu);
      }
    }),
    SETTINGS,
  );
});

test('names of attachments depend neither on the order of the inventory nor on ids', () => {
  fc.assert(
    fc.property(run, (given) => {
      const names = (vms: readonly SourceVm[]): readonly string[] =>
        plan({ ...given, vms }).objects.map(({ manifest }) => JSON.stringify(manifest));
      const renamed = given.vms.map((vm) => ({
        ...vm,
        nics: vm.nics.map((one) => (one.network === undefined ? one : { ...one, network: { ...one.network, id: 'other' } })),
      }));
      const unmapped: Run = { ...given, networkMap: { entries: [] } };
      assert.deepEqual(names(given.vms.toReversed()), names(given.vms));
      assert.deepEqual(
        plan({ ...unmapped, vms: renamed }).objects.map(({ manifest }) => manifest),
        plan(unmapped).objects.map(({ manifest }) => manifest),
      );
    }),
    { ...SETTINGS, numRuns: 100 },
  );
});
