import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-root-ambiguous.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, DEBIAN, inspected, rootless, WINDOWS } from './sample.ts';

const TWO = rootless({ systems: [DEBIAN, WINDOWS] });

test('of several systems one has to be named, and the candidates are', () => {
  const [finding] = findings(rule, { name: 'db' }, { guest: asked('convert'), inspection: TWO });
  assert.match(
    finding?.assessment ?? '',
    /Debian GNU\/Linux 12 \(bookworm\) on \/dev\/sda2; Windows Server 2008 R2 on \/dev\/sdb1.*--guest-root db=\/dev\/sda2/,
  );
});

test('a root that is not there is told', () => {
  const guest = asked('skip', { root: '/dev/sdc1' });
  assert.match(findings(rule, {}, { guest, inspection: TWO })[0]?.assessment ?? '', /^\/dev\/sdc1 holds no system/);
});

test('one system, or a system that nobody looks into, is fine', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: inspected() }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('compatibility'), inspection: TWO }), []);
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: rootless({ systems: [] }) }), []);
});
