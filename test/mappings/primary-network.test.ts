import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MappingContext } from '../../mappings/context.ts';
import { mapNetworks, nicOn } from './map-networks.ts';

const LABELLED = [{ name: 'vms', labels: { 'k8s.ovn.org/primary-user-defined-network': '' } }];
const options = { devices: 'virtio', namespace: 'vms' } as const;

function binding(
  type: 'pod' | 'udn',
  facts: MappingContext['facts'],
): { readonly binding: string; readonly concerns: readonly string[] } {
  const networkMap = { entries: [{ source: 'LAN', target: { type } }] } as const;
  const { domain, concerns } = mapNetworks([nicOn('LAN')], undefined, { networkMap, facts, options });
  return { binding: Object.keys(domain.devices.interfaces[0] ?? {}).at(-1) ?? '', concerns };
}

test('the pod network is masqueraded, unless the namespace has a primary network of its own', () => {
  assert.deepEqual(binding('pod', {}), { binding: 'masquerade', concerns: [] });
  assert.deepEqual(binding('pod', { namespaces: [{ name: 'vms', labels: {} }] }), { binding: 'masquerade', concerns: [] });
  assert.deepEqual(binding('pod', { namespaces: LABELLED }), { binding: 'binding', concerns: [] });
});

test('a primary network that the map names is believed until the facts deny it', () => {
  assert.deepEqual(binding('udn', {}), { binding: 'binding', concerns: [] });
  assert.deepEqual(binding('udn', { namespaces: [{ name: 'vms', labels: {} }] }).concerns, ['primary-network-missing']);
});

test('a routed primary network and an unregistered plugin are told', () => {
  const network = { namespace: 'vms', name: 'tenant', topology: 'layer3', role: 'primary' } as const;
  const facts = { namespaces: LABELLED, userDefinedNetworks: [network], bindingPlugins: [] };
  assert.deepEqual(binding('pod', facts).concerns, ['primary-network-routed', 'binding-plugin-missing']);
});
