import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/conversion-unsupported.ts';
import { asked, DEBIAN, inspected } from '../guest/sample.ts';
import { verdicts } from '../verdicts.ts';

const guest = asked('convert');

test('a system that virt-v2v does not know cannot be converted', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'freebsd12_64Guest', osIdKind: 'vmware' } }, { guest }), [
    'Critical guest.osId',
  ]);
});

test('a distribution that it does not know cannot either', () => {
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Arch Linux' } }, { guest }), ['Critical guest.osId']);
});

test('Windows, the big distributions and the unknown are fine', () => {
  for (const osId of ['rhel9_64Guest', 'windows9-64', 'otherLinux64Guest']) {
    assert.deepEqual(verdicts(rule, { guest: { osId } }, { guest }), []);
  }
});

test('what is inside the disks counts more than what the source says', () => {
  const alpine = inspected({ systems: [{ ...DEBIAN, distro: 'alpinelinux' }] });
  assert.deepEqual(verdicts(rule, { guest: { osId: 'rhel9_64Guest' } }, { guest, inspection: alpine }), [
    'Critical inspection.systems',
  ]);
  assert.deepEqual(verdicts(rule, { guest: { osName: 'Arch Linux' } }, { guest, inspection: inspected() }), []);
});

test('where nothing is converted nothing is said', () => {
  for (const policy of ['skip', 'compatibility', 'none'] as const) {
    assert.deepEqual(verdicts(rule, { guest: { osName: 'Arch Linux' } }, { guest: asked(policy) }), []);
  }
});
