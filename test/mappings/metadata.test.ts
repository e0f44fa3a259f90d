import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapSmall } from './map-small.ts';

test('what people wrote can be read back from the annotations', () => {
  const { machine } = mapSmall({
    ref: { id: 'vm-42', name: 'Web 1' },
    name: 'Web 1',
    notes: 'line 1\nyes',
    tags: [{ category: 'owner', name: 'payroll' }],
    attributes: { 'cost centre': '4711' },
    placement: { folder: '/dc/vm/web' },
  });
  assert.deepEqual(machine.metadata.annotations, {
    'kubeferry.dev/run-strategy': 'Halted',
    'kubeferry.dev/source-name': 'Web 1',
    'kubeferry.dev/source-id': 'vm-42',
    'kubeferry.dev/notes': 'line 1\nyes',
    'kubeferry.dev/folder': '/dc/vm/web',
    'kubeferry.dev/tags': '[{"category":"owner","name":"payroll"}]',
    'kubeferry.dev/attributes': '{"cost centre":"4711"}',
  });
});

test('a note beyond the room of annotations is cut, and the decision says so', () => {
  const { machine, decisionOn } = mapSmall({ notes: 'x'.repeat(100_000) });
  assert.ok((machine.metadata.annotations?.['kubeferry.dev/notes']?.length ?? 0) < 17_000);
  assert.equal(decisionOn('notes').outcome, 'changed');
});

test('the host name is what the guest calls itself, as far as DNS allows', () => {
  assert.equal(mapSmall({ guest: { hostname: 'DB_1.example.com' } }).machine.spec.template.spec.hostname, 'db-1');
  assert.equal(mapSmall({ guest: { hostname: '...' } }).machine.spec.template.spec.hostname, undefined);
});

test('a VM is halted whatever it was, and the decision tells the difference', () => {
  for (const power of ['on', 'off', 'suspended'] as const) {
    const { machine, decisionOn } = mapSmall({ power });
    assert.equal(machine.spec.runStrategy, 'Halted');
    assert.equal(decisionOn('power').outcome, power === 'off' ? 'kept' : 'changed');
  }
});
