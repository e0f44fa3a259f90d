import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/virtio-win-unnamed.ts';
import { verdicts } from '../verdicts.ts';
import { asked, DEBIAN, inspected, WINDOWS } from './sample.ts';

const SERVER = { guest: { osId: 'windows9Server64Guest' } };

test('Windows is not converted without virtio-win', () => {
  assert.deepEqual(verdicts(rule, SERVER, { guest: asked('convert') }), ['Critical options.virtioWin']);
});

test('what is inside the disks counts more than what the source says', () => {
  const windows = inspected({ systems: [WINDOWS] });
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: windows }), ['Critical options.virtioWin']);
  assert.deepEqual(verdicts(rule, SERVER, { guest: asked('convert'), inspection: inspected({ systems: [DEBIAN] }) }), []);
});

test('with virtio-win, for other systems and without a conversion it is fine', () => {
  assert.deepEqual(verdicts(rule, SERVER, { guest: asked('convert', { virtioWin: '/srv/virtio-win.iso' }) }), []);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'debian12_64Guest' } }, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, SERVER, { guest: asked('compatibility') }), []);
});
