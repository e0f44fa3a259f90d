import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/size-mismatch.ts';
import { verdicts } from '../verdicts.ts';

test('each file of another size is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      packaging: {
        kind: 'ova',
        descriptor: 'a.ovf',
        sizeMismatches: [
          { file: 'a.vmdk', declared: 1, actual: 2 },
          { file: 'b.vmdk', declared: 3, actual: 4 },
        ],
      },
    }),
    ['Warning packaging.sizeMismatches[0]', 'Warning packaging.sizeMismatches[1]'],
  );
});

test('right sizes are fine', () => {
  assert.deepEqual(verdicts(rule, { packaging: { kind: 'ova', descriptor: 'a.ovf', sizeMismatches: [] } }), []);
  assert.deepEqual(verdicts(rule, {}), []);
});
