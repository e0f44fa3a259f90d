import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/guest-free-space.ts';
import { MiB } from '../../../src/model/units.ts';
import { verdicts } from '../verdicts.ts';

test('less than 100 MiB on the root is critical', () => {
  assert.deepEqual(
    verdicts(rule, {
      guest: {
        filesystems: [
          { path: '/', free: 100 * MiB - 1 },
          { path: 'C:\\', free: 99 * MiB },
        ],
      },
    }),
    ['Critical guest.filesystems[0].free', 'Critical guest.filesystems[1].free'],
  );
});

test('/boot needs 50 MiB and anything else 10', () => {
  assert.deepEqual(
    verdicts(rule, {
      guest: {
        filesystems: [
          { path: '/boot', free: 49 * MiB },
          { path: '/data', free: 9 * MiB },
          { path: '/tmp', free: 10 * MiB },
        ],
      },
    }),
    ['Critical guest.filesystems[0].free', 'Critical guest.filesystems[1].free'],
  );
});

test('enough room, or not knowing, is fine', () => {
  assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: '/', free: 100 * MiB }, { path: '/var' }] } }), []);
});

test('a CD-ROM is always full', () => {
  assert.deepEqual(verdicts(rule, { guest: { filesystems: [{ path: '/mnt/cd', free: 0, kind: 'iso9660' }] } }), []);
});

test('without conversion nothing is written', () => {
  assert.deepEqual(
    verdicts(rule, { guest: { filesystems: [{ path: '/', free: 0 }] } }, { options: { devices: 'compatibility' } }),
    [],
  );
});
