import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-free-space.ts';
import { MiB } from '../../../src/model/units.ts';
import { asked, inspected } from '../guest/sample.ts';
import { verdicts } from '../verdicts.ts';

const guest = asked('convert');

test('less than 100 MiB on the root is critical', () => {
  assert.deepEqual(
    verdicts(
      rule,
      {
        guest: {
          filesystems: [
            { path: '/', free: 100 * MiB - 1 },
            { path: 'C:\\', free: 99 * MiB },
          ],
        },
      },
      { guest },
    ),
    ['Critical guest.filesystems[0].free', 'Critical guest.filesystems[1].free'],
  );
});

test('/boot needs 50 MiB and anything else 10', () => {
  assert.deepEqual(
    verdicts(
      rule,
      {
        guest: {
          filesystems: [
            { path: '/boot', free: 49 * MiB },
            { path: '/data', free: 9 * MiB },
            { path: '/tmp', free: 10 * MiB },
          ],
        },
      },
      { guest },
    ),
    ['Critical guest.filesystems[0].free', 'Critical guest.filesystems[1].free'],
  );
});

test('enough room, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: '/', free: 100 * MiB }, { path: '/var' }] } }, { guest }), []);
});

test('a CD-ROM is always full', () => {
  assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: '/mnt/cd', free: 0, kind: 'iso9660' }] } }, { guest }), []);
});

test('what was found in the disks counts more than what tools told', () => {
  const inspection = inspected({
    filesystems: [
      { device: '/dev/sda1', kind: 'ext4', free: 49 * MiB },
      { device: '/dev/sda2', kind: 'ext4', free: 200 * MiB },
      { device: '/dev/sdb1', kind: 'ext4', free: 0 },
    ],
  });
  const facts = { guest: { filesystems: [{ path: '/', free: 0 }] } };
  assert.deepEqual(verdicts(rule, facts, { guest, inspection }), ['Critical inspection.filesystems[0].free']);
});

test('without a conversion nothing is written', () => {
  for (const policy of ['skip', 'compatibility', 'none'] as const) {
    assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: '/', free: 0 }] } }, { guest: asked(policy) }), []);
  }
});
