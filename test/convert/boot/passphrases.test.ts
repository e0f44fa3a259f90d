/** Prompts as guests write them; that qemu brings the answer to a guest is shown by prove.test.ts, that cryptsetup takes it by test/scenarios/guests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '../../../src/convert/boot/evidence.ts';
import { Passphrases } from '../../../src/convert/boot/passphrases.ts';

const UUID = '6b1f3a52-0f6d-4a53-9b3c-0c1de2f0a001';
const NOTHING = { resets: 0, panicked: false, poweredOff: false };

/** What is typed at prompt after prompt, each of them settled. */
function typed(passphrases: Passphrases, ...consoles: readonly string[]): readonly (string | undefined)[] {
  return consoles.map((console) => passphrases.next({ console, quiet: 2, resets: 0 }));
}

for (const prompt of [
  'Please unlock disk vda5_crypt: ',
  `Please enter passphrase for disk QEMU_HARDDISK (luks-${UUID}): `,
  `\u{1f510} Please enter passphrase for disk root (luks-${UUID}): (press TAB for no echo) `,
  'Enter passphrase for /dev/vda5: ',
  `Attempting to decrypt master key...\nEnter passphrase for hd0,msdos5 (${UUID.replaceAll('-', '')}): `,
  `Please enter passphrase for disk root (luks-${UUID}): (press TAB for no echo) \n[  OK  ] Found device dev-ttyS0.device.\n         Starting Cryptography Setup for swap...\n[ ***  ] Job x running (5s / no limit)`,
  'Please unlock disk vda5_crypt: [    9.812345] random: crng init done\n[   10.000001] usb 1-1: new device',
]) {
  test(`"${prompt.slice(0, 60).replaceAll('\n', ' ')}" is answered`, () => {
    const before = `Begin: Mounting root file system ... \n${prompt}`;
    const keys = new Passphrases([{ passphrase: 'secret' }]);
    assert.equal(keys.next({ console: before, quiet: 0.5, resets: 0 }), undefined, 'it has not settled');
    assert.deepEqual(typed(keys, before, before), ['secret', undefined]);
  });
}

test('nothing is typed where nobody asks, or no more', () => {
  const keys = new Passphrases([{ passphrase: 'secret' }]);
  const quiet = [
    'web login: ',
    'Please enter passphrase for disk a: \n[  OK  ] Finished Cryptography Setup for a.\n',
    '',
    'Please unlock disk a: \ncryptsetup: a: set up successfully',
    'root password for maintenance: ',
  ];
  assert.deepEqual(
    typed(keys, ...quiet),
    quiet.map(() => undefined),
  );
  assert.deepEqual(keys.disks, []);
  assert.equal(keys.hide('secret'), 'secret', 'what was not typed cannot have been echoed');
});

test('the passphrase of the disk goes first, and every one is tried once', () => {
  const keys = new Passphrases([
    { volume: '/dev/sdb1', passphrase: 'other disk' },
    { passphrase: 'any' },
    { volume: UUID.toUpperCase(), passphrase: 'by id' },
    { volume: '/dev/sda5', passphrase: 'by device' },
  ]);
  const byId = `Please enter passphrase for disk x (luks-${UUID}): `;
  assert.deepEqual(typed(keys, byId, byId, byId, byId, byId), ['by id', 'any', 'other disk', 'by device', undefined]);
  assert.deepEqual(typed(keys, 'Please unlock disk sda5_crypt: '), ['by device']);
  assert.equal(keys.hide('any by device, by id, other disk'), '(hidden) (hidden), (hidden), (hidden)');
});

test('a guest that restarts is given what it took before', () => {
  const keys = new Passphrases([{ passphrase: 'wrong' }, { passphrase: 'right' }]);
  const console = 'Please unlock disk vda5_crypt: ';
  assert.deepEqual(typed(keys, console, console), ['wrong', 'right']);
  assert.equal(keys.next({ console, quiet: 2, resets: 1 }), 'right');
  assert.equal(keys.hide('wrong right'), '(hidden) (hidden)');
});

test('a prompt that was answered on the console may stand on the screen for a while', () => {
  const keys = new Passphrases([{ passphrase: 'a long passphrase' }]);
  const trouble = { code: 'passphrase-wanted', text: 'It says: Please unlock disk vda5_crypt:' } as const;
  assert.equal(keys.isStale(trouble, { console: '' }), false, 'nobody answered it');
  assert.deepEqual(typed(keys, 'Please unlock disk vda5_crypt: '), ['a long passphrase']);
  assert.equal(keys.isStale(trouble, { console: '*****\n' }), true);
  assert.equal(keys.isStale(trouble, { console: 'Please unlock disk vda5_crypt: ' }), false, 'it asks again');
  assert.equal(keys.isStale({ ...trouble, code: 'kernel-panic' }, { console: '' }), false);
  assert.equal(keys.hide('cut in a long pass'), 'cut in (hidden)');
});

test('a prompt of systemd with its remark is what the guest waits at', () => {
  const console = `Please enter passphrase for disk root (luks-${UUID}): (press TAB for no echo) `;
  assert.partialDeepStrictEqual(judge('linux', { ...NOTHING, console, quiet: 4 }), { trouble: { code: 'passphrase-wanted' } });
});

test('a console made to be slow to look through is not', () => {
  const keys = new Passphrases([{ passphrase: 'secret' }]);
  const stamps = '[    1.123456] '.repeat(5000);
  const began = performance.now();
  const consoles = [
    `${stamps}\nx`,
    `Enter passphrase for ${' '.repeat(65_000)}x`,
    'Enter passphrase for '.repeat(3000),
    ' '.repeat(65_000),
  ];
  assert.deepEqual(
    typed(keys, ...consoles),
    consoles.map(() => undefined),
  );
  assert.ok(performance.now() - began < 1000);
});
