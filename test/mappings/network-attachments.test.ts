import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BRIDGE, LOCALNET, mapNetworks, nicOn } from './map-networks.ts';

test('an access VLAN is tagged by the port of the bridge, without the default VLAN', () => {
  const { configs, targets, concerns, shared } = mapNetworks([nicOn('Prod LAN', { vlan: 10, mtu: 9000 })], BRIDGE);
  assert.deepEqual(configs, [
    {
      cniVersion: '0.3.1',
      name: 'prod-lan-vlan-10',
      type: 'bridge',
      bridge: 'br1',
      vlan: 10,
      preserveDefaultVlan: false,
      macspoofchk: true,
      mtu: 9000,
    },
  ]);
  assert.deepEqual([targets, concerns], [['prod-lan-vlan-10'], []]);
  assert.deepEqual(shared.objects[0]?.manifest.metadata, {
    name: 'prod-lan-vlan-10',
    annotations: { 'kubeferry.dev/source-network': 'Prod LAN' },
  });
});

test('a localnet names its physical network, its VLAN and itself', () => {
  const { configs, targets } = mapNetworks([nicOn('Prod LAN', { vlan: 10 })], LOCALNET);
  assert.deepEqual(configs, [
    {
      cniVersion: '0.3.1',
      name: 'prod-lan-vlan-10',
      type: 'ovn-k8s-cni-overlay',
      topology: 'localnet',
      physicalNetworkName: 'physnet',
      vlanID: 10,
      netAttachDefName: 'nets/prod-lan-vlan-10',
    },
  ]);
  assert.deepEqual(targets, ['nets/prod-lan-vlan-10']);
});

test('a trunk keeps its ranges on a bridge; a localnet cannot have one', () => {
  const trunk = {
    ranges: [
      { first: 10, last: 20 },
      { first: 30, last: 30 },
    ],
  };
  const [config] = mapNetworks([nicOn('T', { trunk })], BRIDGE).configs;
  assert.ok(config?.type === 'bridge');
  assert.deepEqual(config.vlanTrunk, [{ minID: 10, maxID: 20 }, { id: 30 }]);
  assert.deepEqual([config.vlan, config.preserveDefaultVlan, config.name], [undefined, false, 't-trunk']);
  const localnet = mapNetworks([nicOn('T', { trunk })], LOCALNET);
  assert.deepEqual([localnet.targets, localnet.concerns, localnet.configs], [[], ['network-not-generated'], []]);
});

test('a native VLAN leaves untagged packets to the default VLAN of the bridge, and says so', () => {
  const { configs, concerns } = mapNetworks([nicOn('T', { trunk: { ranges: [{ first: 10, last: 20 }], native: 5 } })], BRIDGE);
  assert.equal(configs[0]?.type === 'bridge' && configs[0].preserveDefaultVlan, true);
  assert.deepEqual(concerns, ['network-native-vlan']);
});

test('a private VLAN is refused with the reason, and its NIC left out', () => {
  const { targets, mapping, decisionOn } = mapNetworks([nicOn('P', { vlan: 100, privateVlan: { primary: 100 } })], BRIDGE);
  assert.deepEqual(targets, []);
  const [concern] = mapping.concerns;
  assert.deepEqual([concern?.id, concern?.category], ['network-not-generated', 'Critical']);
  assert.match(concern?.assessment ?? '', /private VLAN isolates/);
  assert.match(decisionOn('nics[0].network').because, /private VLAN isolates/);
});

test('a network of unknown VLAN is attached untagged, with a warning', () => {
  const { configs, concerns } = mapNetworks([nicOn('bridged')], BRIDGE);
  assert.deepEqual([configs[0]?.name, concerns], ['bridged', ['network-vlan-unknown']]);
});

test('the map goes before what is made, and a NIC of no network before nothing', () => {
  const entries = [{ source: 'A', target: { type: 'pod' } }] as const;
  const { targets, configs } = mapNetworks([nicOn('A', { vlan: 1 }), nicOn('B', { vlan: 2 })], BRIDGE, {
    networkMap: { entries },
  });
  assert.deepEqual([targets, configs.map(({ name }) => name)], [['pod', 'b-vlan-2'], ['b-vlan-2']]);
});

test('one network has one attachment, and two that would have one name are told apart', () => {
  const same = mapNetworks([nicOn('LAN', { vlan: 10 }), nicOn('LAN', { vlan: 10, id: 'other' })], BRIDGE);
  assert.deepEqual([same.configs.length, same.concerns], [1, ['network-attachment-twice']]);
  const different = mapNetworks([nicOn('Prod LAN', { vlan: 10 }), nicOn('prod-lan', { vlan: 10 })], BRIDGE);
  assert.equal(new Set(different.targets).size, 2);
  for (const target of different.targets) assert.match(target, /^prod-lan-vlan-10-[0-9a-f]{6}$/);
});

test('a VLAN that the name says already is not said twice', () => {
  assert.deepEqual(mapNetworks([nicOn('VLAN 10', { vlan: 10 })], BRIDGE).targets, ['vlan-10']);
  assert.deepEqual(mapNetworks([nicOn('pg-vlan110', { vlan: 10 })], BRIDGE).targets, ['pg-vlan110-vlan-10']);
});

test('OVN-Kubernetes attaches a VM to a network once', () => {
  const nics = [nicOn('LAN', { vlan: 10 }), nicOn('LAN', { vlan: 10 })];
  assert.deepEqual(mapNetworks(nics, LOCALNET).concerns, ['network-attachment-once']);
});

test('a localnet without a namespace is refused, because it is written into the attachment', () => {
  const { concerns } = mapNetworks([nicOn('LAN', { vlan: 10 })], { kind: 'ovn-localnet', physicalNetwork: 'p' });
  assert.deepEqual(concerns, ['network-not-generated']);
});

test('the MAC check is off where a NIC of the network may send with other addresses', () => {
  const nics = [nicOn('LAN', { vlan: 10 }), nicOn('LAN', { vlan: 10 }, { macSpoofing: true })];
  const [config] = mapNetworks(nics, BRIDGE).configs;
  assert.equal(config?.type === 'bridge' && config.macspoofchk, false);
});

test('an attachment of the cluster that fits exactly is used instead', () => {
  const existing = { namespace: 'default', name: 'ten', type: 'cnv-bridge', bridge: 'br1', vlan: 10 };
  const use = (facts: object): readonly string[] =>
    mapNetworks([nicOn('LAN', { vlan: 10 })], BRIDGE, { facts: { networkAttachments: [{ ...existing, ...facts }] } }).targets;
  assert.deepEqual(use({}), ['default/ten']);
  for (const other of [
    { vlan: 11 },
    { bridge: 'br2' },
    { ipam: true },
    { mtu: 9000 },
    { type: 'macvlan' },
    { trunk: true },
    { namespace: 'else' },
  ])
    assert.deepEqual(use(other), ['lan-vlan-10'], JSON.stringify(other));
});

test('an attachment of an earlier run is written again; a foreign one of the name is not overwritten', () => {
  const own = { namespace: 'vms', name: 'lan-vlan-10', type: 'bridge', bridge: 'br1', vlan: 10 };
  const use = (facts: object): ReturnType<typeof mapNetworks> =>
    mapNetworks([nicOn('LAN', { vlan: 10 })], BRIDGE, {
      facts: { networkAttachments: [{ ...own, ...facts }] },
      options: { devices: 'virtio', namespace: 'vms' },
    });
  assert.deepEqual([use({}).targets, use({}).configs.length], [['vms/lan-vlan-10'], 1]);
  assert.match(use({ vlan: 11 }).targets[0] ?? '', /^vms\/lan-vlan-10-[0-9a-f]{6}$/);
});

test('untagged networks of different switches would meet on one bridge', () => {
  const nics = [nicOn('A', { vlan: 0, switchName: 'vSwitch0' }), nicOn('B', { vlan: 0, switchName: 'DMZ' })];
  const [concern, ...others] = mapNetworks(nics, BRIDGE).shared.concerns;
  assert.deepEqual([concern?.id, others], ['networks-joined', []]);
  assert.match(concern?.assessment ?? '', /DMZ, vSwitch0/);
  assert.deepEqual(mapNetworks(nics.slice(1), BRIDGE).shared.concerns, []);
});
