import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { catalogue } from '../../src/assess/catalogue.ts';
import { GUEST_RULES } from '../../src/assess/guest-rules.ts';
import { assess } from '../../src/assess/index.ts';
import { RULES } from '../../src/assess/rules.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { smallVm } from '../mappings/small-vm.ts';

const ROOM = path.resolve(import.meta.dirname, '../../src/assess');

for (const [folder, rules] of [
  ['rules', RULES],
  ['guest', GUEST_RULES],
] as const) {
  test(`every rule file in ${folder} is listed, under the name of its file, once`, () => {
    const files = readdirSync(path.join(ROOM, folder)).map((file) => file.replace(/\.ts$/, ''));
    assert.deepEqual(rules.map(({ id }) => id).toSorted(), files.toSorted());
  });

  test(`every rule in ${folder} has a test of its own`, () => {
    const missing = rules.filter(({ id }) => !existsSync(path.join(import.meta.dirname, folder, `${id}.test.ts`)));
    assert.deepEqual(
      missing.map(({ id }) => id),
      [],
    );
  });
}

test('the catalogue says of every rule what it means, what to do and where the fact is from, in whole sentences', () => {
  for (const { id, label, about, remedy, source } of catalogue([]).flatMap(({ entries }) => entries)) {
    assert.match(id, /^[a-z0-9-]+$/);
    assert.match(label, /^[A-Z0-9].*[^.]$/, id);
    assert.match(about, /^[A-Z].*\.$/, id);
    assert.match(remedy, /^[A-Z].*\.$/, id);
    assert.notEqual(source, '', id);
  }
});

test('a concern carries id and label of its rule, the subject and what to do', () => {
  const concerns = assess(smallVm({ power: 'suspended' }));
  assert.deepEqual(
    concerns.find(({ id }) => id === 'suspended'),
    {
      id: 'suspended',
      category: 'Critical',
      label: 'VM is suspended',
      assessment: 'Resume the VM, shut it down cleanly and migrate then.',
      subject: 'power',
    },
  );
});

test('the cost of an assessment does not grow with the number of peers', () => {
  let reads = 0;
  const peers: SourceVm[] = Array.from({ length: 500 }, (_, index) => {
    const vm = smallVm({ ref: { id: `vm-${index}`, name: `web${index}` } });
    return Object.defineProperty(vm, 'name', {
      get() {
        reads += 1;
        return `web${index}`;
      },
    });
  });
  for (const vm of peers) assess(vm, { peers });
  assert.ok(reads < 20 * peers.length, `${reads} reads of a name for ${peers.length} VMs`);
});
