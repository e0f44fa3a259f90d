import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/disk-serial-cut.ts';
import { disk } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a long serial is told', () => {
  assert.deepEqual(
    verdicts(rule, { disks: [disk({ serial: '6000C290-1111-2222-3333-444455556666' }), disk({ serial: 'short' }), disk()] }),
    ['Information disks[0].serial'],
  );
});

test('SATA shows it whole', () => {
  assert.deepEqual(
    verdicts(
      rule,
      { disks: [disk({ serial: '6000C290-1111-2222-3333-444455556666' })] },
      { options: { devices: 'compatibility' } },
    ),
    [],
  );
});
