import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/script-unfit.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

const scripts = [
  { name: 'tidy.sh', when: 'conversion', text: '' },
  { name: 'join.ps1', when: 'first-boot', text: '' },
] as const;

test('scripts of the other family are named', () => {
  const guest = asked('convert', { scripts });
  assert.match(
    findings(rule, { guest: { osId: 'windows9-64' } }, { guest })[0]?.assessment ?? '',
    /^tidy\.sh runs in Linux only/,
  );
  assert.match(findings(rule, { guest: { osId: 'rhel9_64Guest' } }, { guest })[0]?.assessment ?? '', /^join\.ps1 is for Windows/);
  assert.match(findings(rule, {}, { guest, inspection: inspected() })[0]?.assessment ?? ' none', /^ none/);
});

test('scripts that fit, and guests of unknown kind, are fine', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert', { scripts }) }), []);
  assert.deepEqual(
    verdicts(rule, { guest: { osId: 'rhel9_64Guest' } }, { guest: asked('convert', { scripts: scripts.slice(0, 1) }) }),
    [],
  );
  assert.deepEqual(verdicts(rule, { guest: { osId: 'rhel9_64Guest' } }, { guest: asked('skip', { scripts }) }), []);
});
