import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentOf } from '../../mappings/vlans.ts';
import type { NetworkRef } from '../../src/model/network.ts';

function segment(facts: Partial<NetworkRef>): ReturnType<typeof segmentOf> {
  return segmentOf({ id: 'n', name: 'n', ...facts });
}

test('a VLAN is access, 0 is untagged, none is unknown', () => {
  assert.deepEqual(segment({ vlan: 10 }), { kind: 'access', vlan: 10 });
  assert.deepEqual(segment({ vlan: 0 }), { kind: 'untagged' });
  assert.deepEqual(segment({}), { kind: 'unknown' });
});

test('VLAN 4095 of vSphere and a trunk from 0 pass everything, tagged or not', () => {
  const everything = { kind: 'trunk', ranges: [{ first: 1, last: 4094 }], untagged: true };
  assert.deepEqual(segment({ vlan: 4095 }), everything);
  assert.deepEqual(segment({ trunk: { ranges: [{ first: 0, last: 4094 }] } }), everything);
});

test('a trunk with a native VLAN passes untagged packets; without one it does not', () => {
  const ranges = [{ first: 10, last: 20 }];
  assert.deepEqual(segment({ trunk: { ranges } }), { kind: 'trunk', ranges, untagged: false });
  assert.deepEqual(segment({ trunk: { ranges, native: 5 } }), { kind: 'trunk', ranges, untagged: true, native: 5 });
  assert.deepEqual(segment({ trunk: { ranges, native: 0 } }), { kind: 'trunk', ranges, untagged: true });
});

test('what no bridge can carry is refused with the reason', () => {
  const refused: readonly (readonly [Partial<NetworkRef>, RegExp])[] = [
    [{ vlan: 100, privateVlan: { primary: 100, secondary: 101, mode: 'isolated' } }, /private VLAN/],
    [{ kind: 'nsx', overlay: '5001' }, /overlay/],
    [{ kind: 'nsx' }, /NSX segment/],
    [{ kind: 'hyperv-internal' }, /inside one Hyper-V host/],
    [{ kind: 'hyperv-private' }, /inside one Hyper-V host/],
    [{ vlan: 5000 }, /no VLAN 5000/],
    [{ trunk: { ranges: [] } }, /no VLANs/],
  ];
  for (const [facts, because] of refused) {
    const found = segment(facts);
    assert.ok(found.kind === 'refused', JSON.stringify(facts));
    assert.match(found.because, because);
  }
});

test('an NSX segment on a VLAN is a VLAN', () => {
  assert.deepEqual(segment({ kind: 'nsx', vlan: 30 }), { kind: 'access', vlan: 30 });
});
