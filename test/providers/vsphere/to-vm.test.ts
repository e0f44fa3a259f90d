import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildAtlas } from '../../../providers/vsphere/inventory/atlas.ts';
import { device, devices, disk, object, PVSCSI, vmFrom } from './samples.ts';

const FLAT = '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds] web/web.vmdk</fileName>';

test('what the server does not say stays unknown', () => {
  const vm = vmFrom({});
  assert.deepEqual(vm.cpu, {});
  assert.deepEqual(vm.firmware, {});
  assert.deepEqual(vm.snapshots, {});
  assert.equal(vm.power, undefined);
  assert.equal(vm.placement, undefined);
});

test('names are told as people see them', () => {
  assert.equal(vmFrom({ name: 'a%2fb%5cc%25d ü' }).name, 'a/b\\c%d ü');
});

test('disks carry mode, provisioning, sharing, parents and what makes them hard to move', () => {
  const { disks } = vmFrom(
    devices(
      PVSCSI,
      disk(
        2000,
        0,
        `${FLAT}<diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned><uuid>6000C29e-x</uuid></backing>`,
      ),
      disk(
        2001,
        1,
        `${FLAT}<diskMode>independent_persistent</diskMode><thinProvisioned>false</thinProvisioned><eagerlyScrub>true</eagerlyScrub><sharing>sharingMultiWriter</sharing></backing>`,
      ),
      disk(
        2002,
        2,
        '<backing xsi:type="VirtualDiskRawDiskMappingVer1BackingInfo"><lunUuid>0200</lunUuid><compatibilityMode>physicalMode</compatibilityMode></backing>',
      ),
      disk(
        2003,
        3,
        `${FLAT}<changeId>52 d1/7</changeId><parent><fileName>[ds] web/base.vmdk</fileName></parent><keyId><keyId>k</keyId></keyId></backing>`,
        '<capacityInBytes>1073741824</capacityInBytes><vDiskId><id>fcd</id></vDiskId>',
      ),
    ),
  );
  const [thin, shared, rdm, child] = disks;
  assert.deepEqual([thin?.key, thin?.provisioning, thin?.capacity, thin?.mode], ['scsi0:0', 'thin', 1024 ** 3, 'persistent']);
  assert.equal(thin?.serial, undefined);
  assert.deepEqual(
    [shared?.mode, shared?.provisioning, shared?.sharing],
    ['independent-persistent', 'thick-eager', 'multi-writer'],
  );
  assert.deepEqual([rdm?.passthrough, rdm?.lun], ['rdm-physical', '0200']);
  assert.deepEqual(
    [child?.parents, child?.encrypted, child?.changeTracking, child?.managedVolume],
    [['[ds] web/base.vmdk'], true, true, 'fcd'],
  );
});

test('sixty disks on four controllers keep their slots apart', () => {
  const controllers = [0, 1, 2, 3].map((bus) => device('ParaVirtualSCSIController', 1000 + bus, `<busNumber>${bus}</busNumber>`));
  const many = Array.from({ length: 60 }, (_, index) =>
    disk(2000 + index, index % 15, `${FLAT}</backing>`).replace('1000<', `${1000 + Math.floor(index / 15)}<`),
  );
  const keys = vmFrom(devices(...controllers, ...many)).disks.map(({ key }) => key);
  assert.equal(new Set(keys).size, 60);
  assert.equal(keys[59], 'scsi3:14');
});

test('every device is told: TPM, vGPU, passthrough, SR-IOV, NVMe, and a type that nobody knows', () => {
  const vm = vmFrom(
    devices(
      device('VirtualTPM', 11000),
      device('VirtualNVMEController', 31000, '<busNumber>0</busNumber>'),
      device(
        'VirtualPCIPassthrough',
        13000,
        '<backing xsi:type="VirtualPCIPassthroughVmiopBackingInfo"><vgpu>grid_t4</vgpu></backing>',
      ),
      device('VirtualPCIPassthrough', 13001, '<backing xsi:type="VirtualPCIPassthroughDeviceBackingInfo"/>'),
      device('VirtualSriovEthernetCard', 4001, '<macAddress>00:50:56:00:00:01</macAddress>'),
      device('VirtualQuantumCard', 99, '<deviceInfo><label>Quantum 1</label></deviceInfo>'),
      device('VirtualKeyboard', 600),
    ),
  );
  assert.equal(vm.firmware.tpm, true);
  assert.deepEqual(vm.controllers, [{ key: 'nvme0', kind: 'nvme' }]);
  assert.deepEqual(
    vm.devices.map(({ kind, label }) => [kind, label]),
    [
      ['vgpu', 'VirtualPCIPassthrough: grid_t4'],
      ['pci-passthrough', 'VirtualPCIPassthrough'],
      ['other', 'Quantum 1'],
    ],
  );
  assert.equal(vm.nics[0]?.model, 'sriov');
});

test('the guest tells addresses, routes and name servers of each card', () => {
  const vm = vmFrom({
    ...devices(device('VirtualVmxnet3', 4000, '<macAddress>00:50:56:AA:00:01</macAddress><addressType>assigned</addressType>')),
    'guest.net':
      '<val><GuestNicInfo><macAddress>00:50:56:aa:00:01</macAddress><ipAddress>10.0.0.5</ipAddress><deviceConfigId>4000</deviceConfigId><ipConfig><ipAddress><ipAddress>10.0.0.5</ipAddress><prefixLength>24</prefixLength><origin>manual</origin></ipAddress></ipConfig></GuestNicInfo></val>',
    'guest.ipStack':
      '<val><GuestStackInfo><dnsConfig><dhcp>false</dhcp><ipAddress>10.0.0.2</ipAddress><searchDomain>example.org</searchDomain></dnsConfig><ipRouteConfig><ipRoute><network>0.0.0.0</network><prefixLength>0</prefixLength><gateway><ipAddress>10.0.0.1</ipAddress><device>0</device></gateway></ipRoute><ipRoute><network>10.9.0.0</network><prefixLength>16</prefixLength><gateway><ipAddress>10.0.0.9</ipAddress><device>0</device></gateway></ipRoute><ipRoute><network>10.0.0.0</network><prefixLength>24</prefixLength><gateway><device>0</device></gateway></ipRoute></ipRouteConfig></GuestStackInfo></val>',
  });
  assert.deepEqual(vm.nics[0]?.guestIp, {
    addresses: [{ address: '10.0.0.5', prefix: 24, origin: 'static' }],
    gateways: ['10.0.0.1'],
    dns: ['10.0.0.2'],
    searchDomains: ['example.org'],
    routes: [{ to: '10.9.0.0/16', via: '10.0.0.9' }],
  });
  assert.equal(vm.nics[0]?.macOrigin, 'assigned');
});

test('snapshots are counted in depth and listed in the order of their creation', () => {
  const tree = (name: string, time: string, children = '') => `<name>${name}</name><createTime>${time}</createTime>${children}`;
  const vm = vmFrom({
    ...devices(PVSCSI),
    snapshot: `<val><rootSnapshotList>${tree('b', '2026-02-01T00:00:00Z', `<childSnapshotList>${tree('c', '2026-03-01T00:00:00Z')}</childSnapshotList>`)}</rootSnapshotList><rootSnapshotList>${tree('a', '2026-01-01T00:00:00Z')}</rootSnapshotList></val>`,
  });
  assert.equal(vm.snapshots.count, 3);
  assert.deepEqual(
    vm.snapshots.list?.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
});

test('settings without a field are extras; secrets are withheld and bookkeeping is left out', () => {
  const vm = vmFrom({
    'config.extraConfig': `<val>${[
      ['isolation.tools.copy.disable', 'TRUE'],
      ['guestinfo.userdata', 'cGFzcw=='],
      ['svga.present', 'TRUE'],
      ['numa.nodeAffinity', '0,1'],
      ['my.password', 'hush'],
    ]
      .map(([key, value]) => `<OptionValue><key>${key}</key><value xsi:type="xsd:string">${value}</value></OptionValue>`)
      .join('')}</val>`,
  });
  assert.deepEqual(vm.extras, [
    { path: 'extraConfig/isolation.tools.copy.disable', value: 'TRUE' },
    { path: 'extraConfig/guestinfo.userdata', value: '(withheld)' },
    { path: 'extraConfig/my.password', value: '(withheld)' },
  ]);
  assert.equal(vm.cpu.numaAffinity, '0,1');
});

test('a VM is placed by its ancestors, its pool and its cluster with the rules that hold for it', () => {
  const atlas = buildAtlas([
    object('Folder', 'group-d1', { name: 'Datacenters' }),
    object('Datacenter', 'datacenter-1', { name: 'DC', parent: '<val type="Folder">group-d1</val>' }),
    object('Folder', 'group-v1', { name: 'vm', parent: '<val type="Datacenter">datacenter-1</val>' }),
    object('Folder', 'group-v2', { name: 'Prod%2fEU', parent: '<val type="Folder">group-v1</val>' }),
    object('ClusterComputeResource', 'domain-c1', {
      name: 'Blue',
      parent: '<val type="Datacenter">datacenter-1</val>',
      summary: '<currentEVCModeKey>intel-skylake</currentEVCModeKey>',
      configurationEx: `<dasConfig><enabled>true</enabled></dasConfig><drsConfig><enabled>true</enabled><defaultVmBehavior>fullyAutomated</defaultVmBehavior></drsConfig>
        <drsVmConfig><key type="VirtualMachine">vm-1</key><enabled>false</enabled></drsVmConfig>
        <group xsi:type="ClusterVmGroup"><name>v</name><vm type="VirtualMachine">vm-1</vm></group>
        <group xsi:type="ClusterHostGroup"><name>h</name><host type="HostSystem">host-1</host></group>
        <rule xsi:type="ClusterVmHostRuleInfo"><enabled>true</enabled><name>licence</name><mandatory>true</mandatory><vmGroupName>v</vmGroupName><affineHostGroupName>h</affineHostGroupName></rule>
        <rule xsi:type="ClusterAntiAffinityRuleSpec"><enabled>true</enabled><name>apart</name><vm type="VirtualMachine">vm-1</vm><vm type="VirtualMachine">vm-2</vm></rule>
        <rule xsi:type="ClusterAffinityRuleSpec"><enabled>false</enabled><name>off</name><vm type="VirtualMachine">vm-1</vm><vm type="VirtualMachine">vm-2</vm></rule>`,
    }),
    object('HostSystem', 'host-1', { name: 'esx1', parent: '<val type="ClusterComputeResource">domain-c1</val>' }),
    object('ResourcePool', 'resgroup-1', { name: 'Resources', parent: '<val type="ClusterComputeResource">domain-c1</val>' }),
    object('ResourcePool', 'resgroup-2', { name: 'Gold', parent: '<val type="ResourcePool">resgroup-1</val>' }),
  ]);
  const vm = vmFrom(
    {
      parent: '<val type="Folder">group-v2</val>',
      resourcePool: '<val type="ResourcePool">resgroup-2</val>',
      'runtime.host': '<val type="HostSystem">host-1</val>',
    },
    { atlas },
  );
  assert.deepEqual(vm.placement, {
    datacenter: 'DC',
    cluster: 'Blue',
    host: 'esx1',
    folder: 'Prod/EU',
    resourcePool: 'Gold',
    hostRules: [{ name: 'licence', kind: 'affinity', mandatory: true, hosts: ['esx1'] }],
  });
  assert.deepEqual(vm.availability, { highAvailability: true, drs: 'disabled' });
  assert.equal(vm.cpu.evcMode, 'intel-skylake');
  assert.deepEqual(
    [...(atlas.clusters.get('domain-c1')?.relations ?? [])],
    [{ kind: 'anti-affinity', key: 'apart', members: ['vm-1', 'vm-2'] }],
  );
});
