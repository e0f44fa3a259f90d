import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toSourceVm } from '../../../../providers/hyperv/inventory/index.ts';
import { rangesOf } from '../../../../providers/hyperv/inventory/networks.ts';
import type { Adapter } from '../../../../providers/hyperv/scripts/vm-answer.ts';
import type { NetworkRef } from '../../../../src/model/network.ts';
import { adapterAnswer, hostAnswer, SWITCH_ID, vmAnswer } from '../answers.ts';

const LAN = { id: 'LAN', name: 'LAN', kind: 'hyperv-external', switchName: 'LAN' } as const;

function network(facts: Partial<Adapter>, host = hostAnswer()): NetworkRef | undefined {
  return toSourceVm(vmAnswer({ adapters: [adapterAnswer(facts)] }), host).nics[0]?.network;
}

describe('the VLAN of an adapter', () => {
  it('is none, one, several, or not known', () => {
    assert.deepEqual(network({ vlan: { mode: 'Untagged', access: 0 } }), { ...LAN, vlan: 0 });
    assert.deepEqual(network({ vlan: { mode: 'Access', access: 20 } }), { ...LAN, vlan: 20 });
    assert.deepEqual(network({ vlan: { mode: 'Trunk', native: 1, allowed: '100-110,200' } }), {
      ...LAN,
      trunk: {
        ranges: [
          { first: 100, last: 110 },
          { first: 200, last: 200 },
        ],
        native: 1,
      },
    });
    assert.deepEqual(network({ vlan: { mode: 'Unknown' } }), LAN);
    assert.deepEqual(network({ vlan: null }), LAN);
  });

  it('is private with its mode', () => {
    const vlan = { mode: 'Private', privateMode: 'Isolated', primary: 10, secondary: 11 } as const;
    assert.deepEqual(network({ vlan }), { ...LAN, privateVlan: { primary: 10, secondary: 11, mode: 'isolated' } });
  });

  it('lies in its isolation where that is used, and the VLAN setting says untagged', () => {
    assert.deepEqual(network({ vlan: { mode: 'Untagged' }, isolation: { mode: 'Vlan', id: 30 } }), { ...LAN, vlan: 30 });
    assert.deepEqual(network({ vlan: { mode: 'Access', access: 7 }, isolation: { mode: 'None', id: 0 } }), { ...LAN, vlan: 7 });
  });

  it('is an overlay for a virtual subnet, whichever setting tells of it', () => {
    assert.deepEqual(network({ virtualSubnet: 5001 }), { ...LAN, overlay: '5001' });
    assert.deepEqual(network({ isolation: { mode: 'NativeVirtualSubnet', id: 5002 } }), { ...LAN, overlay: '5002' });
    assert.deepEqual(network({ isolation: { mode: 'ExternalVirtualSubnet' } }), { ...LAN, overlay: 'unknown' });
    assert.deepEqual(network({ virtualSubnet: 0 }), { ...LAN, vlan: 0 });
  });

  it('reaches a mirroring target as well', () => {
    assert.equal(network({ portMirroring: 'Destination' })?.promiscuous, true);
    assert.equal(network({ portMirroring: 'Source' })?.promiscuous, undefined);
  });
});

describe('a switch', () => {
  it('of a host alone is told by its id', () => {
    const host = hostAnswer({ switches: [{ id: SWITCH_ID, name: 'Lab', type: 'Private' }] });
    assert.deepEqual(network({}, host), { id: SWITCH_ID, name: 'Lab', kind: 'hyperv-private', switchName: 'Lab', vlan: 0 });
  });

  it('that shares its name with another of the host is told by its id', () => {
    const other = { id: '00000000-1111-4222-8333-444444444444', name: 'LAN', type: 'External' as const };
    const host = hostAnswer({ switches: [{ id: SWITCH_ID, name: 'LAN', type: 'External' }, other] });
    assert.equal(network({}, host)?.id, SWITCH_ID);
  });

  it('that the host no longer has is known by what the adapter says', () => {
    assert.deepEqual(network({}, hostAnswer({ switches: [] })), { id: SWITCH_ID, name: 'LAN', switchName: 'LAN', vlan: 0 });
  });
});

describe('a list of VLANs', () => {
  it('is joined where it has no gaps, and rid of what is no VLAN', () => {
    assert.deepEqual(rangesOf('3,1,2, 5-7 ,6-9,4094,4095,9-8,x,'), [
      { first: 1, last: 3 },
      { first: 5, last: 9 },
      { first: 4094, last: 4094 },
    ]);
    assert.deepEqual(rangesOf(''), []);
  });
});
