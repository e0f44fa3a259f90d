import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deviceName, domainXml } from '../../../src/convert/guest/domain-xml.ts';
import { conversionFailure } from '../../../src/convert/guest/failure.ts';
import { MessageWatch } from '../../../src/convert/guest/messages.ts';
import { planVirtV2v } from '../../../src/convert/guest/virt-v2v.ts';
import type { ConversionNic, ConversionRequest } from '../../../src/model/conversion.ts';
import type { ErrorCode } from '../../../src/model/error-codes.ts';
import { parseMac } from '../../../src/model/units.ts';

const mac = parseMac('00:50:56:00:00:01');
assert.ok(mac);
const REQUEST: ConversionRequest = {
  vm: 'a & <b>',
  disks: [{ key: 'scsi0:0', path: '/disks/a.raw' }],
  copy: 'first',
  firmware: 'uefi',
  nics: [{ label: 'Network adapter 1', mac }],
};
const APPLIANCE = { accelerator: 'tcg', cacheFolder: '/cache', temporary: '/tmp/kf-1' } as const;

describe('a run of virt-v2v', () => {
  it('describes the overlays, never the disks', () => {
    const xml = domainXml(REQUEST, [
      { key: 'scsi0:0', path: '/disks/a.raw', overlay: "/w/o'0.qcow2" },
      { key: 'scsi0:1', path: '/disks/b.raw', overlay: '/w/o1.qcow2' },
    ]);
    assert.match(xml, /<name>a &amp; &lt;b&gt;<\/name>/);
    assert.match(xml, /<os firmware='efi'>/);
    assert.match(xml, /type='qcow2'\/>\s*<source file='\/w\/o&apos;0\.qcow2'\/>\s*<target dev='sda'/);
    assert.match(xml, /o1\.qcow2'\/>\s*<target dev='sdb'/);
    assert.match(xml, /<mac address='00:50:56:00:00:01'\/>/);
    assert.doesNotMatch(xml, /\/disks\//);
  });

  it('names more than 26 disks as Linux does', () => {
    assert.deepEqual([0, 25, 26, 27, 701, 702].map(deviceName), ['sda', 'sdz', 'sdaa', 'sdab', 'sdzz', 'sdaaa']);
  });

  it('has keys in files only, and no network where Clevis is not asked for', () => {
    const { argv, env } = planVirtV2v(REQUEST, '/w/domain.xml', [{ volume: '/dev/sda2', file: '/w/keys/0' }], APPLIANCE);
    assert.deepEqual(argv, [
      '--machine-readable=fd:3',
      '-i',
      'libvirtxml',
      '--root',
      'ask',
      '--key',
      '/dev/sda2:file:/w/keys/0',
      '/w/domain.xml',
    ]);
    assert.equal(env['LIBGUESTFS_BACKEND_SETTINGS'], 'force_tcg');
    assert.equal(env['LIBGUESTFS_CACHEDIR'], '/cache');
    assert.equal('VIRTIO_WIN' in env, false);
  });

  it('takes the root, the drivers and the static address that the plan names', () => {
    const guestIp = {
      dhcp: false,
      addresses: [
        { address: 'fe80::1', prefix: 64 },
        { address: '10.0.0.5', prefix: 24 },
      ],
      gateways: ['10.0.0.1'],
      dns: ['10.0.0.2', '10.0.0.3'],
    };
    const windows: ConversionRequest = {
      ...REQUEST,
      root: '/dev/sdb2',
      virtioWin: '/iso/virtio-win.iso',
      clevis: ['/dev/sda3'],
      nics: [{ label: 'Ethernet0', mac, guestIp }],
    };
    const { argv, env } = planVirtV2v(windows, 'x', [], { ...APPLIANCE, accelerator: 'kvm', memoryMiB: 2048 });
    assert.deepEqual(argv.slice(3, -1), [
      '--root',
      '/dev/sdb2',
      '--key',
      '/dev/sda3:clevis',
      '--mac',
      '00:50:56:00:00:01:ip:10.0.0.5,10.0.0.1,24,10.0.0.2,10.0.0.3',
    ]);
    assert.equal(env['VIRTIO_WIN'], '/iso/virtio-win.iso');
    assert.equal(env['LIBGUESTFS_BACKEND_SETTINGS'], 'force_kvm');
    assert.equal(env['LIBGUESTFS_MEMSIZE'], '2048');
  });

  it('is told in phases, with the guest, the warnings and the times', () => {
    const told: string[] = [];
    let now = 0;
    const watch = new MessageWatch(
      ({ phase }) => told.push(phase),
      () => now,
    );
    const say = (seconds: number, type: string, message: string): void => {
      now = seconds * 1000;
      watch.take(JSON.stringify({ message, timestamp: '2026-11-23T00:46:37+00:00', type }));
    };
    say(0, 'message', 'Setting up the source: -i libvirtxml x');
    say(1, 'message', 'Opening the source');
    say(20, 'message', 'Inspecting the source');
    say(30, 'message', 'Checking for sufficient free disk space in the guest');
    say(31, 'message', 'Converting Debian GNU/Linux 12 (bookworm) to run on KVM');
    say(40, 'info', 'The QEMU Guest Agent will be installed for this guest at first boot.');
    say(40, 'info', "Can't fix UEFI bootloader. VM may not boot.");
    say(41, 'warning', 'could not determine a way to update\nthe configuration of Grub2');
    watch.take('not JSON');
    say(90, 'message', 'Mapping filesystem data to avoid copying unused and blank areas');
    now = 100_000;
    assert.deepEqual(watch.outcome(), {
      guest: 'Debian GNU/Linux 12 (bookworm)',
      changes: [
        { subject: 'system', what: 'virt-v2v made drivers, boot loader and initial RAM disk ready for virtio devices.' },
        { subject: 'tools', what: 'The QEMU Guest Agent will be installed for this guest at first boot.' },
      ],
      warnings: ['could not determine a way to update the configuration of Grub2'],
      seconds: [
        { phase: 'open', seconds: 20 },
        { phase: 'inspect', seconds: 11 },
        { phase: 'convert', seconds: 59 },
        { phase: 'finish', seconds: 10 },
      ],
    });
    assert.deepEqual(told, ['open', 'open', 'inspect', 'inspect', 'convert', 'finish']);
  });
});

describe('static addresses of Windows', () => {
  it('are given to virt-v2v with their gateway only, which it wants', () => {
    const guestIp = { dhcp: false, addresses: [{ address: '10.0.0.5', prefix: 24 }] };
    const argvOf = (nic: ConversionNic): readonly string[] => planVirtV2v({ ...REQUEST, nics: [nic] }, 'x', [], APPLIANCE).argv;
    assert.equal(argvOf({ label: 'n', mac, guestIp }).includes('--mac'), false);
    assert.ok(argvOf({ label: 'n', mac, guestIp: { ...guestIp, gateways: ['10.0.0.1'] } }).includes('--mac'));
    assert.equal(argvOf({ label: 'n', mac, guestIp: { gateways: ['10.0.0.1'] } }).includes('--mac'), false);
  });
});

describe('a failed run of virt-v2v', () => {
  /** The first five as virt-v2v-in-place 2.2.0 said them of disks made for it. */
  const causes: readonly (readonly [string, ErrorCode])[] = [
    [
      'inspection could not detect the source guest (or physical machine).\n\nNo root device found in this operating system image.',
      'guest-system-missing',
    ],
    ['getline: Inappropriate ioctl for device\nvirt-v2v-in-place: could not read key from user', 'guest-encrypted'],
    ['not enough free space for conversion on filesystem ‘/’.  39.8 MB free < 50 MB needed', 'guest-no-space'],
    ['multi-boot operating systems are not supported by virt-v2v. Use the --root option', 'guest-root-ambiguous'],
    ['no bootloader detected', 'guest-boot-missing'],
    ['virt-v2v is unable to convert this guest type (linux/alpinelinux)', 'guest-unsupported'],
    ['libguestfs error: mount: mount_stub: /dev/mapper/sda5_crypt: No such file or directory', 'guest-unsupported'],
    ['filesystem was mounted read-only, even though we asked for it to be mounted read-write.', 'guest-filesystem-dirty'],
    ['libguestfs error: mount_options: Windows is hibernated, refused to mount.', 'guest-hibernated'],
    ['could not find key to open LUKS encrypted /dev/sda2.\n\nTry using --key on the command line.', 'guest-encrypted'],
    ['there are no virtio drivers available for this version of Windows (6.1 x86_64 Server).', 'virtio-win-missing'],
    ['libguestfs error: appliance closed the connection unexpectedly.', 'appliance-failed'],
    ['qemu-system-x86_64: error: failed to set MSR 0x10a to 0x0', 'appliance-failed'],
    ['insufficient free space in the conversion server temporary directory /var/tmp (12MB).', 'space-insufficient'],
    ['something that nobody has seen', 'conversion-failed'],
  ];
  for (const [said, code] of causes) {
    it(`is ${code} where it says "${said.slice(0, 50).replaceAll('\n', ' ')}"`, () => {
      const error = conversionFailure('web', said);
      assert.equal(error.code, code);
      assert.equal(error.place.vm, 'web');
      assert.notEqual(error.hint, '');
    });
  }

  it('names the systems to choose from', () => {
    const stdout =
      'Dual- or multi-boot operating system detected.  Choose the root filesystem\n\n [1] /dev/sda1 (12.5)\n [2] /dev/sda2 (12.5)\n';
    const error = conversionFailure('web', 'exception: End_of_file', stdout);
    assert.equal(error.code, 'guest-root-ambiguous');
    assert.match(error.message, /\/dev\/sda1 \(12\.5\), \/dev\/sda2 \(12\.5\)$/);
  });
});
