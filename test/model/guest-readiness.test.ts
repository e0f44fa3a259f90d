import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GuestInspection, InspectedKernel } from '../../src/model/guest-inspection.ts';
import { lacking, readiness } from '../../src/model/guest-readiness.ts';

const READY: InspectedKernel = { version: '6.1', virtio: true, virtioAtBoot: true, virtioNet: true, bootable: true };
const NOTHING = { filesystems: [], encrypted: [], volumeGroups: [], tools: [], network: [], nicNames: [], applications: [] };
const LINUX: GuestInspection = {
  ...NOTHING,
  applicationCount: 0,
  systems: [{ root: '/dev/sda2', type: 'linux', distro: 'debian', mounts: [] }],
  root: { device: '/dev/sda2', because: 'it is the only one on the disks' },
  boot: { table: 'gpt', uefi: { device: '/dev/sda1', loaders: ['/efi/boot/bootx64.efi'], fallback: true } },
  drivers: { kernels: [READY] },
};
const WINDOWS: GuestInspection = {
  ...LINUX,
  systems: [{ root: '/dev/sda2', type: 'windows', mounts: [] }],
  drivers: {
    kernels: [{ version: 'windows', virtio: true, virtioAtBoot: true }],
    services: [
      { name: 'viostor', start: 0, file: true },
      { name: 'netkvm', start: 3, file: true },
    ],
  },
};

function kernels(...changed: Partial<InspectedKernel>[]): GuestInspection {
  return { ...LINUX, drivers: { kernels: changed.map((one) => ({ ...READY, ...one })) } };
}

function service(name: 'viostor' | 'netkvm', change: { start?: number; file?: boolean }): GuestInspection {
  const services = (WINDOWS.drivers?.services ?? []).map((one) => (one.name === name ? { ...one, ...change } : one));
  return { ...WINDOWS, drivers: { kernels: [], services } };
}

describe('a guest', () => {
  it('is ready with virtio in every kernel that can be started, and a loader that is found without stored entries', () => {
    assert.deepEqual(readiness(LINUX, 'uefi'), { ready: true, because: [] });
    assert.deepEqual(readiness(WINDOWS, 'uefi'), { ready: true, because: [] });
    assert.equal(readiness(kernels({}, { version: '5.10', virtio: false, bootable: false }), 'uefi').ready, true);
    assert.equal(readiness({ ...LINUX, boot: { table: 'mbr', bios: true } }, 'bios').ready, true);
  });

  const { root: _, ...rootless } = LINUX;
  const { virtioAtBoot: __, ...unread } = READY;
  const missing: readonly (readonly [string, GuestInspection, RegExp])[] = [
    [
      'one of its kernels has no driver at all',
      kernels({}, { version: '4.9', virtio: false }),
      /^kernel 4\.9 has no virtio disk/,
    ],
    ['its initial RAM disk lacks the driver', kernels({ virtioAtBoot: false }), /initial RAM disk of kernel 6\.1 lacks/],
    ['its initial RAM disk cannot be read', { ...LINUX, drivers: { kernels: [unread] } }, /could not be read/],
    ['it has no driver for the NIC', kernels({ virtioNet: false }), /no virtio network driver/],
    ['it has no kernel', { ...LINUX, drivers: { kernels: [] } }, /no kernel/],
    ['none of its kernels can be started', kernels({ bootable: false }), /no kernel/],
    [
      'its fstab names disks of the old controller',
      { ...LINUX, boot: { ...LINUX.boot, diskNames: ['/dev/sda1'] } },
      /\/dev\/sda1$/,
    ],
    [
      'its loader is found by a stored entry only',
      { ...LINUX, boot: { uefi: { device: 'x', loaders: [], fallback: false } } },
      /BOOTX64/,
    ],
    ['its EFI system partition cannot be read', { ...LINUX, boot: { bios: true } }, /no EFI system partition/],
    ['it holds several systems', { ...rootless, systems: [...LINUX.systems, ...WINDOWS.systems] }, /several systems/],
    ['nothing is on the disks', { ...rootless, systems: [] }, /no operating system/],
    [
      'it is encrypted',
      { ...rootless, systems: [], encrypted: [{ device: '/dev/sda3', kind: 'luks', opened: false }] },
      /^\/dev\/sda3 could not be opened/,
    ],
    ['it is neither Linux nor Windows', { ...LINUX, systems: [{ root: '/dev/sda2', type: 'freebsd', mounts: [] }] }, /freebsd/],
    ['Windows starts viostor when asked only', service('viostor', { start: 3 }), /^viostor/],
    ['Windows has viostor in its registry only', service('viostor', { file: false }), /^viostor/],
    ['Windows has netkvm disabled', service('netkvm', { start: 4 }), /^netkvm/],
    ['the registry of Windows cannot be read', { ...WINDOWS, drivers: { kernels: [] } }, /registry/],
  ];
  for (const [why, inspection, says] of missing) {
    it(`is not ready when ${why}`, () => {
      const { ready, because } = readiness(inspection, 'uefi');
      assert.equal(ready, false);
      assert.equal(because.length, 1);
      assert.match(because[0] ?? '', says);
    });
  }
});

describe('what a guest was seen to lack', () => {
  it('is told for disks and NICs apart', () => {
    assert.deepEqual(lacking(LINUX), { disks: [], nics: [] });
    assert.deepEqual(lacking(kernels({ virtioNet: false })).disks, []);
    assert.equal(lacking(kernels({ virtioNet: false })).nics.length, 1);
    assert.match(lacking(kernels({ virtioAtBoot: false })).disks.join(), /initial RAM disk of kernel 6\.1 lacks/);
    assert.match(lacking({ ...LINUX, boot: { diskNames: ['/dev/sda1'] } }).disks.join(), /\/dev\/sda1/);
    const { disks, nics } = lacking({ ...WINDOWS, drivers: { kernels: [], services: [] } });
    assert.deepEqual([disks.length, nics.length], [1, 1]);
  });

  it('is nothing where nobody could find out', () => {
    for (const unknown of [
      { ...LINUX, systems: [] },
      { ...LINUX, drivers: { kernels: [] } },
      { ...LINUX, drivers: { kernels: [{ version: '6.1', virtio: true }] } },
      { ...WINDOWS, drivers: { kernels: [] } },
    ]) {
      assert.deepEqual(lacking(unknown), { disks: [], nics: [] });
    }
  });
});
