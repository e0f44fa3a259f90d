import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readNetworks } from '../../../providers/vsphere/inventory/networks.ts';
import { object } from './samples.ts';

const SWITCH = object('VmwareDistributedVirtualSwitch', 'dvs-1', {
  name: 'DVS',
  config:
    '<val xsi:type="VMwareDVSConfigInfo"><maxMtu>9000</maxMtu><uplinkPortgroup type="DistributedVirtualPortgroup">dvportgroup-9</uplinkPortgroup><pvlanConfig><primaryVlanId>100</primaryVlanId><secondaryVlanId>101</secondaryVlanId><pvlanType>isolated</pvlanType></pvlanConfig></val>',
});

function group(id: string, vlan: string, more = '') {
  return object('DistributedVirtualPortgroup', id, {
    name: id,
    key: id,
    config: `<distributedVirtualSwitch type="DistributedVirtualSwitch">dvs-1</distributedVirtualSwitch><defaultPortConfig>${vlan}</defaultPortConfig>${more}`,
  });
}

test('access, trunk and private VLANs of distributed port groups are told apart, and uplinks are left out', () => {
  const { all } = readNetworks(
    [
      SWITCH,
      group('access', '<vlan xsi:type="VmwareDistributedVirtualSwitchVlanIdSpec"><vlanId>42</vlanId></vlan>'),
      group(
        'trunk',
        '<vlan xsi:type="VmwareDistributedVirtualSwitchTrunkVlanSpec"><vlanId><start>30</start><end>40</end></vlanId><vlanId><start>10</start><end>20</end></vlanId></vlan>',
      ),
      group('private', '<vlan xsi:type="VmwareDistributedVirtualSwitchPvlanSpec"><pvlanId>101</pvlanId></vlan>'),
      group('segment', '', '<backingType>nsx</backingType><segmentId>/infra/segments/a</segmentId>'),
      group('dvportgroup-9', ''),
    ],
    [],
  );
  assert.deepEqual(
    all.map(({ id, kind, vlan, trunk, privateVlan, overlay }) => ({ id, kind, vlan, trunk, privateVlan, overlay })),
    [
      { id: 'access', kind: 'distributed', vlan: 42, trunk: undefined, privateVlan: undefined, overlay: undefined },
      {
        id: 'trunk',
        kind: 'distributed',
        vlan: undefined,
        trunk: {
          ranges: [
            { first: 10, last: 20 },
            { first: 30, last: 40 },
          ],
        },
        privateVlan: undefined,
        overlay: undefined,
      },
      {
        id: 'private',
        kind: 'distributed',
        vlan: undefined,
        trunk: undefined,
        privateVlan: { primary: 100, secondary: 101, mode: 'isolated' },
        overlay: undefined,
      },
      { id: 'segment', kind: 'nsx', vlan: undefined, trunk: undefined, privateVlan: undefined, overlay: '/infra/segments/a' },
    ],
  );
  assert.equal(all[0]?.mtu, 9000);
});

test('a standard port group takes its VLAN from the hosts, and says when they differ', () => {
  const host = (vlan: number) =>
    object('HostSystem', `host-${vlan}`, {
      'config.network.portgroup': `<val><HostPortGroup><spec><name>VM Network</name><vlanId>${vlan}</vlanId><vswitchName>vSwitch0</vswitchName></spec></HostPortGroup></val>`,
    });
  const network = object('Network', 'network-1', { name: 'VM Network' });
  assert.equal(readNetworks([network], [host(7), host(7)]).all[0]?.vlan, 7);
  assert.deepEqual(readNetworks([network], [host(4095)]).all[0]?.trunk, { ranges: [{ first: 0, last: 4094 }] });
  const differing = readNetworks([network], [host(7), host(8)]).all[0];
  assert.equal(differing?.vlan, undefined);
  assert.match(differing?.description ?? '', /7, 8/);
});
