import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/windows-old-drivers.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected, WINDOWS } from './sample.ts';

test('Windows that current drivers leave out is told which build to take', () => {
  const old = findings(rule, { guest: { osId: 'windows7_64Guest' } }, { guest: asked('convert') });
  assert.match(old[0]?.assessment ?? '', /0\.1\.171/);
  const newer = findings(rule, { guest: { osId: 'windows8Server64Guest' } }, { guest: asked('convert') });
  assert.match(newer[0]?.assessment ?? '', /0\.1\.215/);
});

test('the version that was found decides', () => {
  const context = {
    guest: asked('convert'),
    inspection: inspected({ systems: [WINDOWS], root: { device: '/dev/sdb1', because: '' } }),
  };
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows9-64' } }, context), ['Warning inspection.systems']);
});

test('current Windows, Linux and other policies are fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows9Server64Guest' } }, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'rhel9_64Guest' } }, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, { guest: { osId: 'windows7_64Guest' } }, { guest: asked('compatibility') }), []);
});
