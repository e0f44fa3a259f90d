/** Warnings as virt-v2v 2.2.0 has them in its program; the one about Grub2 is what it says of every Debian. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellWarnings } from '../../../src/convert/guest/warnings.ts';

const GRUB = 'could not determine a way to update the configuration of Grub2';

test('that GRUB cannot be told which kernel to start matters only where there is more than one', () => {
  assert.deepEqual(tellWarnings([GRUB], { kernels: 1 }), []);
  for (const facts of [{ kernels: 2 }, {}]) assert.match(tellWarnings([GRUB], facts).join(), /^GRUB goes on starting the kernel/);
});

test('warnings about what is ours, or is of no matter on KubeVirt, are left out', () => {
  const idle = [
    'could not add grub2 serial console (ignored)',
    'could not rebuild grub2 configuration file (/boot/grub/grub.cfg). This may mean that grub output will not be sent to the serial port, but otherwise should be harmless. Original error message: x',
    'fstrim on guest filesystem /dev/sda1 failed. Usually you can ignore this message. To find out more read "Trimming" in virt-v2v(1).',
    "display <graphics type='spice'> in the input libvirt XML was ignored",
    '/etc/fstab references unknown device "/dev/fd0". You may have to fix this entry manually after conversion.',
    'the display driver was updated to ‘qxl’, but X11 does not seem to be installed in the guest. X may not function correctly.',
  ];
  assert.deepEqual(tellWarnings(idle, { kernels: 1 }), []);
});

test('others are told in our words, with what they are about; unknown ones stay as they are', () => {
  const told = tellWarnings(
    [
      'The QEMU Guest Agent will not be installed. The install command for package qemu-ga is not known.',
      '/files/etc/fstab/3/spec references unknown device "/dev/sdz1". You may have to fix this entry manually after conversion.',
      'VMware tools was detected, but uninstallation failed. The error message was: x (ignored)',
      'something that nobody has seen: $1 $& 100%',
    ],
    {},
  );
  assert.match(told[0] ?? '', /knows no package/);
  assert.match(told[1] ?? '', /^The guest names the disk \/dev\/sdz1 \(\/files\/etc\/fstab\/3\/spec\)/);
  assert.match(told[2] ?? '', /^VMware tools could not be uninstalled: they stay in the guest/);
  assert.equal(told[3], 'something that nobody has seen: $1 $& 100%');
});
