import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-overlay.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('an overlay is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      nics: [
        nic({ network: { id: 'a', name: 'a', kind: 'nsx' } }),
        nic({ network: { id: 'b', name: 'b', overlay: '5001' } }),
        nic({ network: { id: 'c', name: 'c', kind: 'standard' } }),
        nic(),
      ],
    }),
    ['Warning nics[0].network', 'Warning nics[1].network'],
  );
});
