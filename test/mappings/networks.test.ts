import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MacAddress } from '../../src/model/units.ts';
import type { Nic } from '../../src/model/vm.ts';
import { mapSmall } from './map-small.ts';
import { nic } from './small-vm.ts';

function on(name: string, facts: Partial<Nic> = {}): Nic {
  return nic({ key: name, label: name, network: { id: `id-${name}`, name }, ...facts });
}

test('the first unmapped NIC goes to the pod network, the next is left out with a critical concern', () => {
  const { machine, domain, mapping, decisionOn } = mapSmall({ nics: [on('a'), on('b')] });
  assert.deepEqual(machine.spec.template.spec.networks, [{ name: 'nic-0', pod: {} }]);
  assert.deepEqual(domain.devices.interfaces, [{ name: 'nic-0', model: 'virtio', masquerade: {} }]);
  assert.deepEqual(
    mapping.concerns.map(({ id, category, subject }) => [id, category, subject]),
    [['network-unmapped', 'Critical', 'nics[1].network']],
  );
  assert.equal(decisionOn('nics[1].network').outcome, 'dropped');
});

test('a NIC that the map sends to the pod network keeps unmapped ones from taking it', () => {
  const { machine, concerns } = mapSmall(
    { nics: [on('a'), on('b')] },
    { networkMap: { entries: [{ source: 'b', target: { type: 'pod' } }] } },
  );
  assert.equal(machine.spec.template.spec.networks.length, 1);
  assert.deepEqual(concerns, ['network-unmapped']);
});

test('a map to an attachment makes a bridge, by name or id', () => {
  const entries = [
    { source: 'a', target: { type: 'multus', namespace: 'nets', name: 'lan' } },
    { source: 'id-b', target: { type: 'multus', name: 'dmz' } },
  ] as const;
  const { machine, domain, concerns } = mapSmall({ nics: [on('a'), on('b')] }, { networkMap: { entries } });
  assert.deepEqual(machine.spec.template.spec.networks, [
    { name: 'nic-0', multus: { networkName: 'nets/lan' } },
    { name: 'nic-1', multus: { networkName: 'dmz' } },
  ]);
  assert.ok(domain.devices.interfaces.every((one) => 'bridge' in one));
  assert.deepEqual(concerns, []);
});

test('a second NIC on the pod network is refused', () => {
  const entries = [{ source: 'a', target: { type: 'pod' } }] as const;
  assert.deepEqual(mapSmall({ nics: [on('a'), on('a')] }, { networkMap: { entries } }).concerns, ['network-pod-twice']);
});

test('NICs of an ignored network are left out with a warning', () => {
  const entries = [{ source: 'a', target: { type: 'ignored' } }] as const;
  const { domain, concerns } = mapSmall({ nics: [on('a')] }, { networkMap: { entries } });
  assert.deepEqual(
    [domain.devices.interfaces.length, domain.devices.autoattachPodInterface, concerns],
    [0, false, ['network-ignored']],
  );
});

test('one attachment twice, and an attachment that does not exist, are concerns', () => {
  const entries = [{ source: 'a', target: { type: 'multus', namespace: 'nets', name: 'lan' } }] as const;
  const { concerns } = mapSmall(
    { nics: [on('a'), on('a')] },
    { networkMap: { entries }, facts: { networkAttachments: [{ namespace: 'nets', name: 'other' }] } },
  );
  assert.deepEqual(concerns.toSorted(), ['network-attachment-missing', 'network-attachment-missing', 'network-attachment-twice']);
});

test('MAC, link state and model are carried', () => {
  const mac = '00:50:56:00:00:01' as MacAddress;
  const [first] = mapSmall(
    { nics: [on('a', { mac, startConnected: false, model: 'vmxnet3' })] },
    { options: { devices: 'compatibility' } },
  ).domain.devices.interfaces;
  assert.deepEqual(first, { name: 'nic-0', model: 'e1000e', macAddress: mac, state: 'down', masquerade: {} });
});

test('a guest of the age of Windows XP gets an E1000', () => {
  const [first] = mapSmall({ nics: [on('a')], guest: { osId: 'winXPPro' } }, { options: { devices: 'compatibility' } }).domain
    .devices.interfaces;
  assert.equal(first?.model, 'e1000');
});

test('addresses that the pod network cannot give are named', () => {
  assert.deepEqual(mapSmall({ nics: [on('a', { addresses: ['192.0.2.10'] })] }).concerns, ['nic-address-lost']);
});

test('the NICs of a pool take its attachments in their order; those too many are left out', () => {
  const entries = [{ source: 'a', target: { type: 'multus', namespace: 'nets', pool: ['one', 'two'] } }] as const;
  const { machine, mapping, concerns } = mapSmall({ nics: [on('a'), on('a'), on('a')] }, { networkMap: { entries } });
  assert.deepEqual(
    machine.spec.template.spec.networks.map((one) => 'multus' in one && one.multus.networkName),
    ['nets/one', 'nets/two'],
  );
  assert.deepEqual([concerns, mapping.concerns[0]?.subject], [['network-pool-exhausted'], 'nics[2].network']);
});

test('an SR-IOV NIC keeps its MAC, has no model, and its link cannot be kept down', () => {
  const mac = '00:50:56:00:00:01' as MacAddress;
  const entries = [{ source: 'a', target: { type: 'sriov', name: 'fast' } }] as const;
  const { domain, concerns } = mapSmall({ nics: [on('a', { mac, startConnected: false })] }, { networkMap: { entries } });
  assert.deepEqual(domain.devices.interfaces, [{ name: 'nic-0', macAddress: mac, sriov: {} }]);
  assert.deepEqual(concerns, ['nic-link-up']);
});

test('an attachment must fit the binding', () => {
  const unfit = (
    type: 'multus' | 'sriov',
    facts: { readonly type?: string; readonly topology?: 'layer3' },
  ): readonly string[] => {
    const entries = [{ source: 'a', target: { type, namespace: 'nets', name: 'lan' } }];
    const networkAttachments = [{ namespace: 'nets', name: 'lan', ...facts }];
    return mapSmall({ nics: [on('a')] }, { networkMap: { entries }, facts: { networkAttachments } }).concerns;
  };
  assert.deepEqual(unfit('multus', { type: 'bridge' }), []);
  assert.deepEqual(unfit('multus', {}), []);
  assert.deepEqual(unfit('multus', { type: 'macvlan' }), ['network-attachment-unfit']);
  assert.deepEqual(unfit('multus', { type: 'ovn-k8s-cni-overlay', topology: 'layer3' }), ['network-attachment-unfit']);
  assert.deepEqual(unfit('sriov', { type: 'sriov' }), []);
  assert.deepEqual(unfit('sriov', { type: 'bridge' }), ['network-attachment-unfit']);
});

test('the MAC address that KubeVirt keeps for itself is left out behind masquerade only', () => {
  const mac = '02:00:00:00:00:00' as MacAddress;
  const behind = mapSmall({ nics: [on('a', { mac })] });
  assert.deepEqual([behind.domain.devices.interfaces[0]?.macAddress, behind.concerns], [undefined, ['nic-mac-reserved']]);
  const entries = [{ source: 'a', target: { type: 'multus', name: 'lan' } }] as const;
  const bridged = mapSmall({ nics: [on('a', { mac })] }, { networkMap: { entries } });
  assert.deepEqual([bridged.domain.devices.interfaces[0]?.macAddress, bridged.concerns], [mac, []]);
});
