import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MappingContext } from '../../mappings/context.ts';
import type { UserDefinedNetworkFacts } from '../../src/model/cluster-facts.ts';
import type { Nic } from '../../src/model/vm.ts';
import { BRIDGE, type MappedNetworks, mapNetworks, nicOn } from './map-networks.ts';

const STATIC: Partial<Nic> = {
  guestIp: {
    dhcp: false,
    addresses: [
      { address: '192.0.2.10', prefix: 24, origin: 'static' },
      { address: '2001:db8::10', prefix: 64, origin: 'static' },
      { address: 'fe80::1', prefix: 64, origin: 'linklayer' },
    ],
  },
};
const UDN: UserDefinedNetworkFacts = {
  namespace: 'vms',
  name: 'tenant',
  topology: 'layer2',
  role: 'primary',
  subnets: ['192.0.2.0/25', '2001:db8::/48'],
};

function onUdn(facts: Partial<Nic>, networks: readonly UserDefinedNetworkFacts[] = [UDN]): MappedNetworks {
  const known: MappingContext['facts'] = {
    namespaces: [{ name: 'vms', labels: { 'k8s.ovn.org/primary-user-defined-network': '' } }],
    userDefinedNetworks: networks,
  };
  const options = { devices: 'virtio', namespace: 'vms' } as const;
  return mapNetworks([nicOn('LAN', {}, facts)], undefined, { facts: known, options });
}

function requested({ machine }: MappedNetworks): unknown {
  const text = machine.spec.template.metadata?.annotations?.['network.kubevirt.io/addresses'];
  return text === undefined ? undefined : JSON.parse(text);
}

test('behind masquerade the addresses are lost, by name, and link-local ones are no loss', () => {
  const { mapping } = mapNetworks([nicOn('LAN', {}, STATIC)], undefined);
  const [concern, ...others] = mapping.concerns;
  assert.deepEqual([concern?.id, others], ['nic-address-lost', []]);
  assert.match(concern?.assessment ?? '', /has 192\.0\.2\.10, 2001:db8::10, which/);
  assert.deepEqual(mapNetworks([nicOn('LAN', {}, { addresses: ['fe80::1', '169.254.7.7'] })], undefined).concerns, []);
});

test('an address by DHCP changes, which is no more than information', () => {
  const guestIp = { dhcp: true, addresses: [{ address: '192.0.2.10', prefix: 24, origin: 'dhcp' as const }] };
  const [concern] = mapNetworks([nicOn('LAN', {}, { guestIp })], undefined).mapping.concerns;
  assert.deepEqual([concern?.id, concern?.category], ['nic-address-changes', 'Information']);
});

test('on a network of layer 2 the guest keeps its own configuration', () => {
  const { concerns, decisionOn } = mapNetworks([nicOn('LAN', { vlan: 10 }, STATIC)], BRIDGE);
  assert.deepEqual(concerns, []);
  assert.match(decisionOn('nics[0].guestIp').because, /goes on working/);
});

test('a primary network is asked for one address of each family, with the prefix of its subnet', () => {
  const mapped = onUdn(STATIC);
  assert.deepEqual(requested(mapped), { 'nic-0': ['192.0.2.10/25', '2001:db8::10/48'] });
  assert.deepEqual([mapped.concerns, mapped.decisionOn('nics[0].guestIp').outcome], [[], 'changed']);
  assert.deepEqual(mapped.domain.devices.interfaces, [{ name: 'nic-0', model: 'virtio', binding: { name: 'l2bridge' } }]);
  assert.deepEqual(mapped.targets, ['pod']);
});

test('without facts about the subnets the prefix is that of the guest', () => {
  assert.deepEqual(requested(onUdn(STATIC, [])), { 'nic-0': ['192.0.2.10/24', '2001:db8::10/64'] });
  const bare = onUdn({ addresses: ['192.0.2.10'] }, []);
  assert.deepEqual([requested(bare), bare.concerns], [undefined, ['nic-address-lost']]);
});

test('what the primary network cannot give is lost, by name', () => {
  const second = { addresses: ['192.0.2.10', '192.0.2.11', '198.51.100.1'] };
  const mapped = onUdn(second);
  assert.deepEqual(requested(mapped), { 'nic-0': ['192.0.2.10/25'] });
  assert.match(mapped.mapping.concerns[0]?.assessment ?? '', /has 192\.0\.2\.11, 198\.51\.100\.1, which/);
  assert.equal(requested(onUdn(STATIC, [{ ...UDN, persistentIps: false }])), undefined);
});
