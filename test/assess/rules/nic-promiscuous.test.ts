import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-promiscuous.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('a promiscuous network is a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      nics: [
        nic({ network: { id: 'a', name: 'a', promiscuous: true } }),
        nic({ network: { id: 'b', name: 'b', promiscuous: false } }),
        nic(),
      ],
    }),
    ['Warning nics[0].network'],
  );
});
