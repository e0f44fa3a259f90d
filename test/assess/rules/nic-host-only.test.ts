import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/rules/nic-host-only.ts';
import { nic } from '../../mappings/small-vm.ts';
import { verdicts } from '../verdicts.ts';

test('internal and private switches are a warning', () => {
  assert.deepEqual(
    verdicts(rule, {
      nics: [
        nic({ network: { id: 'a', name: 'a', kind: 'hyperv-internal' } }),
        nic({ network: { id: 'b', name: 'b', kind: 'hyperv-private' } }),
        nic({ network: { id: 'c', name: 'c', kind: 'hyperv-external' } }),
      ],
    }),
    ['Warning nics[0].network', 'Warning nics[1].network'],
  );
});
