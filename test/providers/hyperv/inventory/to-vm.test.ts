import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toSourceVm } from '../../../../providers/hyperv/inventory/index.ts';
import { findGuestOs } from '../../../../src/model/guest-os.ts';
import { ADAPTER_ID, adapterAnswer, driveAnswer, hostAnswer, imageAnswer, VM_ID, vmAnswer } from '../answers.ts';

const GiB = 1024 ** 3;
const HOST = hostAnswer();

describe('a VM of Hyper-V', () => {
  it('is named by its id, belongs to its host and says nothing that was not said', () => {
    const vm = toSourceVm(vmAnswer(), HOST);
    assert.deepEqual(vm.ref, { id: VM_ID, name: 'web' });
    assert.equal(vm.power, 'off');
    assert.equal(vm.notes, 'runs the shop');
    assert.deepEqual(vm.platform, { vendor: 'hyperv', generation: 2, hardwareVersion: '10.0' });
    assert.deepEqual(vm.placement, { host: 'HV1' });
    assert.deepEqual(vm.cpu, { count: 4 });
    assert.deepEqual(vm.memory, { size: 4 * GiB });
    assert.deepEqual(vm.firmware, { kind: 'uefi' });
    assert.deepEqual(vm.guest, {});
    assert.deepEqual(vm.snapshots, { count: 0 });
    assert.equal(vm.availability, undefined);
    assert.deepEqual(vm.extras, []);
  });

  for (const [state, power] of [
    ['Running', 'on'],
    ['Starting', 'on'],
    ['Off', 'off'],
    ['Saved', 'suspended'],
    ['FastSaved', 'suspended'],
    ['Paused', 'suspended'],
    ['Other', undefined],
  ] as const) {
    it(`in state ${state} is ${power ?? 'unknown'}`, () => {
      assert.equal(toSourceVm(vmAnswer({ state }), HOST).power, power);
    });
  }

  it('whose storage its host has lost is inaccessible', () => {
    const vm = toSourceVm(vmAnswer({ state: 'OffCritical' }), HOST);
    assert.deepEqual([vm.power, vm.connection], ['off', 'inaccessible']);
  });

  it('of which an essential part could not be read is inaccessible, and says which', () => {
    const vm = toSourceVm(vmAnswer({ unread: ['Get-VMHardDiskDrive', 'Get-VMSnapshot'] }), HOST);
    assert.equal(vm.connection, 'inaccessible');
    assert.deepEqual(vm.snapshots, {});
    assert.deepEqual(
      vm.extras.map(({ path }) => path),
      ['unread/Get-VMHardDiskDrive', 'unread/Get-VMSnapshot'],
    );
    assert.equal(toSourceVm(vmAnswer({ unread: ['Get-VMComPort'] }), HOST).connection, 'connected');
  });
});

describe('processor and memory', () => {
  it('leave out what every VM has', () => {
    const processor = { count: 4, threadsPerCore: 0, maximumPerNumaNode: 16, reservePercent: 0, limitPercent: 100, weight: 100 };
    assert.deepEqual(toSourceVm(vmAnswer({ processor }), HOST).cpu, { count: 4 });
  });

  it('tell what somebody changed', () => {
    const processor = {
      ...{ count: 8, threadsPerCore: 2, maximumPerNumaNode: 4, reservePercent: 10, limitPercent: 90, weight: 200 },
      ...{ nested: true, compatibilityForMigration: true },
    };
    assert.deepEqual(toSourceVm(vmAnswer({ processor }), HOST).cpu, {
      ...{ count: 8, threadsPerCore: 2, nestedVirtualization: true, reservationPercent: 10, limitPercent: 90, shares: 200 },
      ...{ numaNodeSize: 4, compatibilityMode: true },
    });
  });

  it('tell of least and most only while memory is dynamic', () => {
    const memory = { startup: String(2 * GiB), minimum: String(GiB), maximum: String(8 * GiB), priority: 80 };
    assert.deepEqual(toSourceVm(vmAnswer({ memory: { ...memory, dynamic: false } }), HOST).memory, { size: 2 * GiB, shares: 80 });
    assert.deepEqual(toSourceVm(vmAnswer({ memory: { ...memory, dynamic: true } }), HOST).memory, {
      size: 2 * GiB,
      shares: 80,
      dynamic: { minimum: GiB, maximum: 8 * GiB },
    });
  });
});

describe('firmware', () => {
  it('of generation 2 is UEFI with its keys, its TPM and its boot order', () => {
    const vm = toSourceVm(
      vmAnswer({
        firmware: {
          secureBoot: true,
          template: 'MicrosoftUEFICertificateAuthority',
          bootOrder: [
            { kind: 'file', device: 'Windows Boot Manager' },
            { kind: 'disk', device: 'scsi0:1' },
            { kind: 'network', device: 'x' },
            { kind: 'disk', device: 'scsi0:0' },
            { kind: 'dvd', device: 'scsi0:2' },
          ],
        },
        security: { tpm: true, shielded: false, vbsOptOut: false, isolation: 'Disabled' },
        disks: [driveAnswer(), driveAnswer({ controllerLocation: 1 })],
      }),
      HOST,
    );
    assert.deepEqual(vm.firmware, {
      ...{ kind: 'uefi', secureBoot: true, secureBootTemplate: 'MicrosoftUEFICertificateAuthority', tpm: true },
      ...{ bootOrder: ['file', 'disk', 'network', 'cdrom'], vbs: true, shielded: false },
    });
    assert.deepEqual(
      vm.disks.map(({ key, bootOrder }) => [key, bootOrder]),
      [
        ['scsi0:0', 2],
        ['scsi0:1', 1],
      ],
    );
  });

  it('of generation 1 is BIOS, which starts the first IDE disk', () => {
    const vm = toSourceVm(
      vmAnswer({
        generation: 1,
        bios: { startupOrder: ['CD', 'IDE', 'LegacyNetworkAdapter', 'Floppy'], numLock: true },
        disks: [
          driveAnswer({ controllerType: 'IDE', controllerNumber: 1 }),
          driveAnswer({ controllerType: 'IDE', controllerNumber: 0, controllerLocation: 1 }),
          driveAnswer(),
        ],
        scsiControllers: 1,
      }),
      HOST,
    );
    assert.deepEqual(vm.firmware, { kind: 'bios', bootOrder: ['cdrom', 'disk', 'network', 'floppy'] });
    assert.deepEqual(
      vm.disks.map(({ key, bootOrder }) => [key, bootOrder]),
      [
        ['ide1:0', undefined],
        ['ide0:1', 1],
        ['scsi0:0', undefined],
      ],
    );
    assert.deepEqual(vm.controllers, [
      { key: 'ide0', kind: 'ide' },
      { key: 'ide1', kind: 'ide' },
      { key: 'scsi0', kind: 'scsi' },
    ]);
    assert.deepEqual(vm.extras.at(-1), { path: 'bios/numLock', value: 'true' });
  });

  it('is isolated when processor or host encrypt the guest', () => {
    assert.equal(toSourceVm(vmAnswer({ security: { isolation: 'SNP' } }), HOST).firmware.isolation, 'SNP');
    assert.equal(
      toSourceVm(vmAnswer({ security: { encryptedState: true, isolation: 'Disabled' } }), HOST).firmware.isolation,
      'encrypted-state',
    );
  });

  it('hands on what the guest reads about itself', () => {
    const identity = {
      ...{ biosGuid: '7b5f1e2a-3c4d-4e5f-8a9b-0c1d2e3f4a5b', biosSerial: '1234-5678', baseBoardSerial: '1234-5678' },
      ...{ chassisSerial: '9999', assetTag: '42' },
    };
    const vm = toSourceVm(vmAnswer({ identity }), HOST);
    assert.deepEqual(vm.identity, {
      ...{ biosUuid: '7b5f1e2a-3c4d-4e5f-8a9b-0c1d2e3f4a5b', instanceUuid: VM_ID, serial: '1234-5678', assetTag: '42' },
    });
    assert.deepEqual(vm.extras, [{ path: 'identity/chassisSerial', value: '9999' }]);
  });
});

describe('a disk', () => {
  it('that grows holds what its images are long, and lies on the volume of its path', () => {
    const [disk] = toSourceVm(vmAnswer({ disks: [driveAnswer({ maximumIops: '500', minimumIops: '0' })] }), HOST).disks;
    assert.deepEqual(disk, {
      ...{ key: 'scsi0:0', label: 'Hard drive SCSI 0:0', capacity: 40 * GiB, slot: { controller: 'scsi0', unit: 0 } },
      ...{ format: { container: 'vhdx', variant: 'dynamic', blockSize: 33554432 }, allocated: 4 * GiB },
      ...{ storage: { id: 'hv1 d:\\vms', name: 'HV1 D:\\VMs' }, file: 'D:\\VMs\\web\\disk.vhdx', provisioning: 'thin' },
      ...{ sectorSize: 512, physicalSectorSize: 4096, iopsLimit: 500, inUse: false },
    });
  });

  it('of fixed size does not say how much of it is data', () => {
    const chain = [imageAnswer({ type: 'Fixed', fileSize: '42953867264' })];
    const [disk] = toSourceVm(vmAnswer({ disks: [driveAnswer({ chain })] }), HOST).disks;
    assert.equal(disk?.allocated, undefined);
    assert.equal(disk?.provisioning, 'thick-eager');
  });

  it('with parents names them, nearest first', () => {
    const chain = [
      imageAnswer({ path: 'D:\\VMs\\web\\c.avhdx', type: 'Differencing', fileSize: '1000' }),
      imageAnswer({ path: 'D:\\VMs\\web\\b.avhdx', type: 'Differencing', fileSize: '2000' }),
      imageAnswer({ path: 'D:\\VMs\\base.vhdx', fileSize: '3000' }),
    ];
    const [disk] = toSourceVm(vmAnswer({ disks: [driveAnswer({ path: 'D:\\VMs\\web\\c.avhdx', chain })] }), HOST).disks;
    assert.deepEqual(disk?.parents, ['D:\\VMs\\web\\b.avhdx', 'D:\\VMs\\base.vhdx']);
    assert.equal(disk?.format.variant, 'differencing');
    assert.equal(disk?.allocated, 6000);
  });

  it('of a shared VHDX or a VHD Set is shared; where the source says no, it is not', () => {
    const set = driveAnswer({ controllerLocation: 1, chain: [imageAnswer({ path: 'C:\\a.vhds', format: 'VHDSet' })] });
    const own = driveAnswer({ controllerLocation: 2, shared: false });
    const { disks } = toSourceVm(vmAnswer({ disks: [driveAnswer({ shared: true }), set, own] }), HOST);
    assert.deepEqual(
      disks.map(({ shared, sharing }) => [shared, sharing]),
      [
        [true, 'shared-vhdx'],
        [true, 'vhd-set'],
        [false, undefined],
      ],
    );
  });

  it('of the host is passed through with its size and its name', () => {
    const drive = driveAnswer({ path: null, diskNumber: 3, size: String(64 * GiB), uniqueId: '6001405ABCDEF', chain: [] });
    const [disk] = toSourceVm(vmAnswer({ disks: [drive] }), HOST).disks;
    assert.deepEqual(disk?.format, { container: 'device' });
    assert.equal(disk?.passthrough, 'physical-disk');
    assert.equal(disk?.capacity, 64 * GiB);
    assert.equal(disk?.lun, '6001405ABCDEF');
    assert.equal(disk?.file, undefined);
  });

  it('that the host cannot look at says why, and has no size', () => {
    const path = '\\\\files\\vms\\web.vhd';
    const chain = [{ path, format: 'VHD' as const, type: 'Unknown' as const, unreadable: 'Access is denied.' }];
    const [disk] = toSourceVm(vmAnswer({ disks: [driveAnswer({ path, chain })] }), HOST).disks;
    assert.equal(disk?.unreadable, 'Access is denied.');
    assert.equal(disk?.capacity, 0);
    assert.deepEqual(disk?.format, { container: 'vhd' });
    assert.deepEqual(disk?.storage, { id: '\\\\files\\vms', name: '\\\\files\\vms' });
  });

  it('of a running VM is not in use by somebody else because its host has it open', () => {
    const disks = [driveAnswer({ chain: [imageAnswer({ attached: true })] })];
    assert.equal(toSourceVm(vmAnswer({ state: 'Running', disks }), HOST).disks[0]?.inUse, undefined);
    assert.equal(toSourceVm(vmAnswer({ state: 'Off', disks }), HOST).disks[0]?.inUse, true);
  });

  it('of persistent memory sits on no controller', () => {
    const [disk] = toSourceVm(vmAnswer({ disks: [driveAnswer({ controllerType: 'PMEM' })] }), HOST).disks;
    assert.deepEqual([disk?.key, disk?.pmem, disk?.slot], ['pmem0:0', true, undefined]);
  });

  it('lies on the volume with the longest path of whole parts', () => {
    const storage = (path: string): string | undefined =>
      toSourceVm(vmAnswer({ disks: [driveAnswer({ path })] }), HOST).disks[0]?.storage?.name;
    assert.equal(storage('d:\\vms\\x.vhdx'), 'HV1 D:\\VMs');
    assert.equal(storage('C:\\VMs\\x.vhdx'), 'HV1 C:');
    assert.equal(storage('D:\\VMs2\\x.vhdx'), undefined);
    assert.equal(storage('D:\\VMs\\..\\x.vhdx'), undefined);
  });
});

describe('a DVD drive', () => {
  it('tells its medium', () => {
    const dvds = [
      { id: 'a', controllerType: 'IDE' as const, controllerNumber: 1, controllerLocation: 0, path: 'C:\\iso\\tools.iso' },
      { id: 'b', controllerType: 'SCSI' as const, controllerNumber: 2, controllerLocation: 3 },
    ];
    const vm = toSourceVm(vmAnswer({ generation: 1, dvds }), HOST);
    assert.deepEqual(vm.cdroms, [
      { key: 'ide1:0', slot: { controller: 'ide1', unit: 0 }, media: 'C:\\iso\\tools.iso' },
      { key: 'scsi2:3', slot: { controller: 'scsi2', unit: 3 } },
    ]);
    assert.deepEqual(
      vm.controllers.map(({ key }) => key),
      ['ide0', 'ide1', 'scsi0', 'scsi1', 'scsi2'],
    );
  });
});

describe('a network adapter', () => {
  it('tells its address, its network and what its port does', () => {
    const adapter = adapterAnswer({
      ...{ dynamicMac: false, legacy: true, addresses: ['10.0.0.5', 'fe80::1', '169.254.3.4', '2001:db8::5'] },
      ...{ macSpoofing: true, teaming: true, iovWeight: 100, dhcpGuard: true, routerGuard: true, portMirroring: 'Source' },
      ...{ maximumBandwidth: '1000000000', minimumBandwidth: '0' },
    });
    const [nic] = toSourceVm(vmAnswer({ adapters: [adapter] }), HOST).nics;
    assert.deepEqual(nic, {
      ...{ key: ADAPTER_ID.toLowerCase(), label: 'Network Adapter', model: 'hyperv-legacy', mac: '00:15:5d:01:2a:0b' },
      ...{ macOrigin: 'manual', connected: true, startConnected: true, addresses: ['10.0.0.5', '2001:db8::5'] },
      network: { id: 'LAN', name: 'LAN', kind: 'hyperv-external', switchName: 'LAN', vlan: 0 },
      ...{ macSpoofing: true, bandwidthLimit: 1e9, teaming: true, sriovOffload: true },
      portPolicies: ['DHCP guard', 'router guard', 'port mirroring (source)'],
    });
  });

  it('that was never started has no address yet', () => {
    const [nic] = toSourceVm(vmAnswer({ adapters: [adapterAnswer({ mac: '000000000000' })] }), HOST).nics;
    assert.deepEqual([nic?.mac, nic?.macOrigin], [undefined, undefined]);
  });

  it('without a switch is not connected at start', () => {
    const adapter = adapterAnswer({ switchId: null, switchName: null, connected: false });
    const [nic] = toSourceVm(vmAnswer({ adapters: [adapter] }), HOST).nics;
    assert.deepEqual([nic?.network, nic?.connected, nic?.startConnected], [undefined, false, false]);
  });

  it('is told from another of its name', () => {
    const adapters = [adapterAnswer(), adapterAnswer({ id: 'Microsoft:a\\b' })];
    assert.deepEqual(
      toSourceVm(vmAnswer({ adapters }), HOST).nics.map(({ key, label }) => [key, label]),
      [
        [ADAPTER_ID.toLowerCase(), 'Network Adapter'],
        ['b', 'Network Adapter (2)'],
      ],
    );
  });

  it('tells how the guest has configured it', () => {
    const guest = {
      dhcp: false,
      addresses: [
        { address: '10.0.0.5', subnet: '255.255.255.0', origin: 2 },
        { address: 'fe80::215:5dff:fe01:2a0b', subnet: '/64', origin: 4 },
        { address: '2001:db8::5', subnet: '/64', origin: 5 },
        { address: '10.0.0.6', subnet: '255.0.255.0', origin: 0 },
      ],
      gateways: ['10.0.0.1'],
      dns: ['10.0.0.2', '10.0.0.3'],
    };
    const [nic] = toSourceVm(vmAnswer({ adapters: [adapterAnswer({ guest })] }), HOST).nics;
    assert.deepEqual(nic?.guestIp, {
      dhcp: false,
      addresses: [
        { address: '10.0.0.5', prefix: 24, origin: 'static' },
        { address: '2001:db8::5', prefix: 64, origin: 'random' },
        { address: '10.0.0.6' },
      ],
      gateways: ['10.0.0.1'],
      dns: ['10.0.0.2', '10.0.0.3'],
    });
  });
});

describe('checkpoints', () => {
  it('are listed in the order of their making, each with its kind', () => {
    const id = '11111111-2222-4333-8444-555555555555';
    const vm = toSourceVm(
      vmAnswer({
        checkpoints: [
          { id, name: 'Backup', type: 'Recovery', createdAt: '2026-03-01T00:00:00Z' },
          { id, name: 'Automatic', type: 'Standard', automatic: true, createdAt: '2026-02-01T00:00:00Z' },
          { id, name: 'Before update', type: 'Standard', createdAt: '2026-01-01T00:00:00Z' },
          { id, name: 'Odd', type: 'Planned' },
        ],
      }),
      HOST,
    );
    assert.deepEqual(vm.snapshots, {
      count: 4,
      list: [
        { name: 'Odd' },
        { name: 'Before update', kind: 'standard', createdAt: '2026-01-01T00:00:00Z' },
        { name: 'Automatic', kind: 'automatic', createdAt: '2026-02-01T00:00:00Z' },
        { name: 'Backup', kind: 'recovery', createdAt: '2026-03-01T00:00:00Z' },
      ],
    });
  });
});

describe('the guest', () => {
  it('that is Windows tells its system by name', () => {
    const kvp = {
      OSName: 'Windows Server 2019 Datacenter',
      OSVersion: '10.0.17763',
      FullyQualifiedDomainName: 'web.example.net',
    };
    const { guest } = toSourceVm(vmAnswer({ kvp }), HOST);
    assert.deepEqual(guest, {
      ...{ osId: 'Windows Server 2019 Datacenter', osIdKind: 'hyperv', osName: 'Windows Server 2019 Datacenter' },
      hostname: 'web.example.net',
    });
    assert.equal(findGuestOs(guest)?.id, 'windows-2019');
  });

  it('that is Linux tells distribution and release apart', () => {
    const kvp = {
      OSName: 'Red Hat Enterprise Linux',
      OSMajorVersion: '8',
      OSMinorVersion: '6',
      OSVersion: '4.18.0-372.el8.x86_64',
    };
    const { guest } = toSourceVm(vmAnswer({ kvp }), HOST);
    assert.equal(guest.osName, 'Red Hat Enterprise Linux 8.6');
    assert.equal(findGuestOs(guest)?.id, 'rhel-8');
  });

  it('tells which services work in it, by names in one language', () => {
    const integration = [
      { id: '84eaae65-2f2e-45f5-9bb5-0e857dc8eb47', enabled: true, ok: true },
      { id: '9f8233ac-be49-4c79-8ee3-e7e1985b2077', enabled: false, ok: false },
      { id: '2497f4de-e9fa-4204-80e4-4b75c46419c0', enabled: true, ok: true },
      { id: '2a34b1c2-fd73-4043-8a5b-dd2159bc743f', enabled: true, ok: true },
    ];
    const kvp = { IntegrationServicesVersion: '10.0.17763' };
    assert.deepEqual(toSourceVm(vmAnswer({ state: 'Running', integration, kvp }), HOST).guest.tools, {
      ...{ installed: true, version: '10.0.17763', running: true, timeSync: true },
      services: [
        { name: 'Heartbeat', enabled: true, running: true },
        { name: 'Shutdown', enabled: false, running: false },
        { name: 'Time Synchronization', enabled: true, running: true },
        { name: 'Key-Value Pair Exchange', enabled: true, running: true },
      ],
    });
    assert.equal(toSourceVm(vmAnswer({ state: 'Off', integration }), HOST).guest.tools, undefined);
  });

  it('has no field for the rest, which is kept apart', () => {
    const kvp = {
      OSName: 'Debian GNU/Linux',
      ProcessorArchitecture: 'aarch64',
      NetworkAddressIPv4: '10.0.0.5',
      OSVersion: '6.1.0',
      Role: 'x'.repeat(600),
    };
    assert.deepEqual(toSourceVm(vmAnswer({ kvp }), HOST).extras, [
      { path: 'kvp/ProcessorArchitecture', value: 'aarch64' },
      { path: 'kvp/OSVersion', value: '6.1.0' },
      { path: 'kvp/Role', value: `${'x'.repeat(500)}… (600 characters)` },
    ]);
  });
});

describe('a VM of a failover cluster', () => {
  const cluster = {
    name: 'CL1',
    readable: true,
    nodes: [{ name: 'HV1', state: 'Up' as const }],
    roles: [{ vm: VM_ID, group: 'Web role', owner: 'HV1', priority: 3000, antiAffinity: ['web'] }],
  };

  it('tells its role', () => {
    const vm = toSourceVm(vmAnswer({ clustered: true, automaticStart: 'Nothing' }), hostAnswer({ cluster }));
    assert.deepEqual(vm.placement, { host: 'HV1', cluster: 'CL1' });
    assert.deepEqual(vm.availability, {
      ...{ highAvailability: true, restartPriority: '3000', clusterRole: 'Web role', autoStart: 'never' },
    });
  });

  it('that has no role says so', () => {
    const host = hostAnswer({ cluster: { ...cluster, roles: [] } });
    assert.deepEqual(toSourceVm(vmAnswer({ clustered: false }), host).availability, { highAvailability: false });
  });

  it('is not placed in a cluster that may not be asked', () => {
    const host = hostAnswer({ cluster: { name: '', readable: false, nodes: [], roles: [] } });
    assert.deepEqual(toSourceVm(vmAnswer(), host).placement, { host: 'HV1' });
  });

  it('that is replicated tells its side', () => {
    const mode = (name: string): string | undefined =>
      toSourceVm(vmAnswer({ replication: { mode: name, state: 'Replicating' } }), HOST).availability?.replication?.mode;
    assert.deepEqual(['Primary', 'Replica', 'ExtendedReplica', 'TestReplica'].map(mode), [
      ...['primary', 'replica', 'extended-replica', 'replica'],
    ]);
  });
});
