import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTarget } from '../../mappings/network-map.ts';
import type { NetworkMap, NetworkSource, NetworkTarget } from '../../src/model/mapping.ts';
import type { NetworkRef } from '../../src/model/network.ts';

function mapOf(...sources: readonly NetworkSource[]): NetworkMap {
  return { entries: sources.map((source, index) => ({ source, target: { type: 'multus', name: String(index) } })) };
}

/** Number of the entry that decides. */
function decides(map: NetworkMap, network: NetworkRef): number | undefined {
  const target: NetworkTarget | undefined = findTarget(map, network);
  return target !== undefined && 'name' in target ? Number(target.name) : undefined;
}

const lan = { id: 'dvportgroup-7', name: 'LAN', vlan: 10 };

test('a text fits an id or a name', () => {
  assert.equal(decides(mapOf('LAN'), lan), 0);
  assert.equal(decides(mapOf('dvportgroup-7'), lan), 0);
  assert.equal(decides(mapOf('lan'), lan), undefined);
});

test('all that an entry says must fit', () => {
  assert.equal(decides(mapOf({ name: 'LAN', vlan: 20 }), lan), undefined);
  assert.equal(decides(mapOf({ id: 'dvportgroup-7', name: 'DMZ' }), lan), undefined);
  assert.equal(decides(mapOf({ vlan: 10 }), { id: 'x', name: 'x' }), undefined);
  assert.equal(decides(mapOf({}), lan), undefined);
});

test('the entry that says most decides, wherever it stands', () => {
  const sources = [{ vlan: 10 }, 'LAN', { name: 'LAN', vlan: 10 }, { id: 'dvportgroup-7' }, { id: 'dvportgroup-7', vlan: 10 }];
  for (const [last] of sources.entries()) assert.equal(decides(mapOf(...sources.slice(0, last + 1)), lan), last);
  assert.equal(decides(mapOf(...sources.toReversed()), lan), 0);
});

test('VLANs of one Hyper-V switch go to different targets', () => {
  const map = mapOf({ name: 'External', vlan: 10 }, { name: 'External', vlan: 20 }, 'External');
  const on = (vlan?: number): NetworkRef => ({ id: 'switch', name: 'External', ...(vlan === undefined ? {} : { vlan }) });
  assert.deepEqual(
    [on(10), on(20), on(30), on()].map((network) => decides(map, network)),
    [0, 1, 2, 2],
  );
});

test('of two entries that say the same the first decides', () => {
  assert.equal(decides(mapOf('LAN', { name: 'LAN' }), lan), 0);
});
