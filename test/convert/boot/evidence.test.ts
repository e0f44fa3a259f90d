/** Judgement by what was seen, on texts as real consoles write them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlineOf } from '../../../src/convert/boot/deadline.ts';
import { judge, type Seen } from '../../../src/convert/boot/evidence.ts';

const NOTHING: Seen = { console: '', quiet: 60, resets: 0, panicked: false, poweredOff: false };

function codeOf(seen: Partial<Seen>, family: 'linux' | 'windows' | 'other' = 'linux'): string {
  const verdict = judge(family, { ...NOTHING, ...seen });
  if (verdict === undefined) return 'unsure';
  return 'sign' in verdict ? verdict.sign.kind : verdict.trouble.code;
}

const TEXTS: readonly (readonly [string, string])[] = [
  ['\nDebian GNU/Linux 12 web1 ttyS0\n\nweb1 login: ', 'login-prompt'],
  ['\nRed Hat Enterprise Linux 9.4 (Plow)\nKernel 5.14.0-427.el9.x86_64 on an x86_64\n\nweb-1.example login: ', 'login-prompt'],
  ['[  OK  ] Reached target Multi-User System.\n', 'system-target'],
  ['[  OK  ] Reached target graphical.target - Graphical Interface.\n', 'system-target'],
  ['[  OK  ] Reached target basic.target - Basic System.\n', 'unsure'],
  ['Booting from Hard Disk...\nBoot failed: not a bootable disk\n\nNo bootable device.\n', 'no-boot-device'],
  ['BdsDxe: No bootable option or device was found.\nBdsDxe: Press any key to enter the Boot Manager Menu.\n', 'no-boot-device'],
  ['Press ESC in 5 seconds to skip startup.nsh or any other key to continue.\nShell> ', 'no-boot-device'],
  ['error: no such device: 0b0b.\nerror: unknown filesystem.\nEntering rescue mode...\ngrub rescue> ', 'boot-loader-stopped'],
  ['   GNU GRUB  version 2.06\n\ngrub> ', 'boot-loader-stopped'],
  ['ALERT!  /dev/mapper/vg-root does not exist.  Dropping to a shell!\n\n(initramfs) ', 'root-not-found'],
  ['Begin: Waiting for suspend/resume device ... done.\nGave up waiting for suspend/resume device\n', 'unsure'],
  ['Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n', 'root-not-found'],
  ['Warning: /dev/disk/by-uuid/0b0b does not exist\n\nEntering emergency mode. Exit the shell to continue.\n', 'root-not-found'],
  ['[    2.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\n', 'kernel-panic'],
  ['Please unlock disk sda5_crypt: ', 'passphrase-wanted'],
  ['Please enter passphrase for disk QEMU_HARDDISK (luks-0b0b): ****', 'passphrase-wanted'],
  ['You are in emergency mode. After logging in, type "journalctl -xb" to view\nsystem logs', 'emergency-mode'],
  ['BOOTMGR is missing\nPress Ctrl+Alt+Del to restart\n', 'windows-boot-error'],
  [
    "An operating system wasn't found. Try disconnecting any drives that don't\ncontain an operating system.\n",
    'windows-boot-error',
  ],
  ['[    0.0] Linux version 6.1.0\n[    1.2] sd 0:0:0:0: [sda] Attached SCSI disk\n', 'unsure'],
];

for (const [text, code] of TEXTS) {
  test(`${JSON.stringify(text.trim().split('\n').at(-1))} means ${code}`, () => {
    assert.equal(codeOf({ console: text }), code);
  });
}

test('a prompt counts only once the guest waits at it', () => {
  assert.equal(codeOf({ console: 'grub> ', quiet: 1 }), 'unsure');
  assert.equal(codeOf({ console: 'grub> \nLinux version 6.1', quiet: 10 }), 'unsure');
});

test('an agent that answers outweighs what the console said before', () => {
  assert.equal(codeOf({ console: 'No bootable device.', agent: 'Debian' }), 'guest-agent');
});

test('a panic that the machine heard of, a power-off and a circle of restarts are trouble', () => {
  assert.equal(codeOf({ panicked: true }), 'kernel-panic');
  assert.equal(codeOf({ poweredOff: true }), 'powered-off');
  assert.equal(codeOf({ resets: 5 }), 'unsure');
  assert.equal(codeOf({ resets: 6 }), 'reset-loop');
});

const LOGIN = { steady: 40, width: 1024, colour: 0x204060, share: 0.4 };

test('a picture that stands still proves Windows only while the guest sends packets', () => {
  assert.equal(codeOf({ picture: LOGIN, packetAge: 5 }, 'windows'), 'steady-picture');
  assert.equal(codeOf({ picture: LOGIN }, 'windows'), 'unsure');
  assert.equal(codeOf({ picture: { ...LOGIN, steady: 10 }, packetAge: 5 }, 'windows'), 'unsure');
  assert.equal(codeOf({ picture: { ...LOGIN, share: 1 }, packetAge: 5 }, 'windows'), 'unsure');
  assert.equal(codeOf({ picture: { ...LOGIN, width: 720 }, packetAge: 5 }, 'windows'), 'unsure');
  assert.equal(codeOf({ picture: LOGIN, packetAge: 5 }, 'linux'), 'unsure');
});

test('a Linux guest that says nothing is believed by a screen that rests and an address that it speaks from', () => {
  const quiet = { quiet: 130, picture: { ...LOGIN, width: 720, share: 0.99, steady: 130 }, packetAge: 5, address: '192.0.2.10' };
  assert.equal(codeOf(quiet), 'steady-picture');
  assert.equal(codeOf({ ...quiet, picture: { ...quiet.picture, share: 0.9999 } }), 'unsure', 'nothing but a cursor');
  assert.equal(codeOf({ ...quiet, picture: { ...quiet.picture, steady: 60 } }), 'unsure', 'it may come up still');
  assert.equal(codeOf({ ...quiet, quiet: 60 }), 'unsure', 'the console goes on');
  assert.equal(codeOf({ ...quiet, packetAge: 90 }), 'unsure');
  const { address: _, ...unaddressed } = quiet;
  assert.equal(codeOf(unaddressed), 'unsure', 'it asks for an address and has none');
});

test('what stands on the screen counts as what the console says', () => {
  assert.equal(codeOf({ screen: 'web1 login:' }), 'login-prompt');
  const stopped = { screen: 'grub rescue>', picture: { ...LOGIN, steady: 10 } };
  assert.equal(codeOf(stopped), 'boot-loader-stopped');
  assert.equal(codeOf({ ...stopped, picture: { ...LOGIN, steady: 0 } }), 'unsure', 'it may go on');
});

test('where no deadline is given, emulation and Windows have more time', () => {
  assert.ok(deadlineOf('linux', 'tcg') > deadlineOf('linux', 'kvm'));
  assert.ok(deadlineOf('windows', 'kvm') > deadlineOf('linux', 'kvm'));
  assert.ok(deadlineOf('windows', 'tcg') > deadlineOf('other', 'tcg'));
});

test('a blue screen without a sound is a stop screen, and with packets a login screen', () => {
  const blue = { ...LOGIN, steady: 90, colour: 0x0078d7, share: 0.9 };
  assert.equal(codeOf({ picture: blue, packetAge: 90 }, 'windows'), 'windows-boot-error');
  assert.equal(codeOf({ picture: blue, packetAge: 2 }, 'windows'), 'steady-picture');
});
