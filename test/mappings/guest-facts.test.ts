import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MappingContext } from '../../mappings/context.ts';
import type { ConversionPolicy } from '../../src/model/conversion.ts';
import type { GuestInspection } from '../../src/model/guest-inspection.ts';
import { DEBIAN, inspected } from '../assess/guest/sample.ts';
import { mapSmall } from './map-small.ts';
import { disk, nic } from './small-vm.ts';

const LACKS = inspected({ drivers: { kernels: [{ version: '5.10', virtio: true, virtioAtBoot: false, virtioNet: false }] } });
const UEFI = { uefi: { device: '/dev/sdb1', loaders: [], fallback: true } };

function looked(inspection: GuestInspection, policy: ConversionPolicy = 'none'): Partial<MappingContext> {
  return { guest: { policy, inspection } };
}

function devicesOf(...[facts, context]: Parameters<typeof mapSmall>): readonly unknown[] {
  const { domain } = mapSmall({ disks: [disk()], nics: [nic()], ...facts }, context);
  const [first] = domain.devices.disks;
  return [first !== undefined && 'disk' in first && first.disk.bus, domain.devices.interfaces[0]?.model];
}

describe('devices of a guest that somebody looked into', () => {
  it('are those that it has drivers for, where nobody gives it others', () => {
    assert.deepEqual(devicesOf({}, looked(LACKS)), ['sata', 'e1000e']);
    const { mapping } = mapSmall({ disks: [disk()], nics: [nic()] }, looked(LACKS));
    for (const rule of ['disk-bus', 'nic-model']) {
      const { because } = mapping.decisions.find((decision) => decision.rule === rule) ?? {};
      assert.match(because ?? '', /^A look into the guest found it not ready .*kernel 5\.10/, rule);
    }
  });

  it('are chosen by themselves: a NIC without driver says nothing about disks', () => {
    const kernels = [{ version: '6.1', virtio: true, virtioAtBoot: true, virtioNet: false }];
    assert.deepEqual(devicesOf({}, looked(inspected({ drivers: { kernels } }))), ['virtio', 'e1000e']);
  });

  it('are virtio where it is ready, is made ready, or has to be', () => {
    assert.deepEqual(devicesOf({}, looked(inspected())), ['virtio', 'virtio']);
    assert.deepEqual(devicesOf({}, looked(LACKS, 'convert')), ['virtio', 'virtio']);
    assert.deepEqual(devicesOf({}, looked(LACKS, 'skip')), ['virtio', 'virtio']);
    assert.deepEqual(devicesOf({}, { guest: { policy: 'none' } }), ['virtio', 'virtio']);
  });

  it('are not changed by what is merely unknown', () => {
    assert.deepEqual(devicesOf({}, looked(inspected({ systems: [{ ...DEBIAN, type: 'freebsd' }] }))), ['virtio', 'virtio']);
  });
});

describe('firmware that the source does not state', () => {
  const loaders = (boot: GuestInspection['boot']): string | undefined =>
    Object.keys(mapSmall({}, looked(inspected({ boot }), 'convert')).domain.firmware.bootloader)[0];

  it('is that of the only boot loader in the guest', () => {
    assert.equal(loaders(UEFI), 'efi');
    assert.equal(loaders({ bios: true }), 'bios');
  });

  it('is BIOS where both are there, or none', () => {
    assert.equal(loaders({ ...UEFI, bios: true }), 'bios');
    assert.equal(loaders({}), 'bios');
  });

  it('never contradicts what somebody has stated', () => {
    const context = looked(inspected({ boot: UEFI }), 'convert');
    assert.ok('bios' in mapSmall({ firmware: { kind: 'bios' } }, context).domain.firmware.bootloader);
    const given = { ...context, options: { devices: 'virtio', firmware: 'bios' } } as const;
    assert.ok('bios' in mapSmall({}, given).domain.firmware.bootloader);
  });
});

describe('the disk to boot from', () => {
  const TWO = [disk({ key: 'a', label: 'Data' }), disk({ key: 'b', label: 'System' })];
  const SECOND = inspected({
    systems: [
      {
        ...DEBIAN,
        root: '/dev/vg0/root',
        mounts: [
          { path: '/', device: '/dev/vg0/root' },
          { path: '/boot', device: '/dev/sdb1' },
        ],
      },
    ],
    root: { device: '/dev/vg0/root', because: '' },
  });

  function orders(facts: Parameters<typeof mapSmall>[0], inspection: GuestInspection): readonly unknown[] {
    const { domain, concerns } = mapSmall({ disks: TWO, ...facts }, looked(inspection, 'convert'));
    return [...domain.devices.disks.map(({ bootOrder }) => bootOrder), ...concerns.filter((id) => id.startsWith('boot-'))];
  }

  it('is the one with the boot loader, where the source states no order', () => {
    assert.deepEqual(orders({}, SECOND), [2, 1]);
    assert.deepEqual(orders({ firmware: { kind: 'uefi' } }, inspected({ boot: UEFI })), [2, 1]);
    assert.deepEqual(orders({ firmware: { bootOrder: ['network', 'disk'] } }, SECOND), [2, 1]);
    assert.deepEqual(orders({}, inspected()), [1, 2]);
    const { mapping } = mapSmall({ disks: TWO }, looked(SECOND));
    const first = mapping.decisions.find(({ to, value }) => to.endsWith('bootOrder') && value === '1');
    assert.match(first?.because ?? '', /found the boot loader on this disk/);
  });

  it('is that of the source where it states one, and a contradiction is told', () => {
    assert.deepEqual(orders({ disks: [disk({ key: 'a', bootOrder: 1 }), disk({ key: 'b' })] }, SECOND), [
      1,
      2,
      'boot-disk-contradiction',
    ]);
    assert.deepEqual(orders({ firmware: { bootOrder: ['System'] } }, SECOND), [2, 1]);
  });

  it('is the first where nobody knows where the loader is', () => {
    const lvm = inspected({
      systems: [{ ...DEBIAN, root: '/dev/vg0/root', mounts: [] }],
      root: { device: '/dev/vg0/root', because: '' },
    });
    assert.deepEqual(orders({}, lvm), [1, 2]);
    assert.deepEqual(
      orders({}, inspected({ systems: [{ ...DEBIAN, mounts: [{ path: '/boot', device: '/dev/sdq1' }] }] })),
      [1, 2],
    );
  });
});
