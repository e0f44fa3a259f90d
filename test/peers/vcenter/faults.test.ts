import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fault, Faults, type Observed } from './faults.ts';

const FAULTS: readonly Fault[] = [{ kind: 'reset' }, { kind: 'stall' }, { kind: 'html' }];

function requests(count: number): readonly Observed[] {
  return Array.from({ length: count }, (_, at) => ({
    method: 'POST',
    path: '/sdk',
    operation: at % 2 ? 'Login' : 'Read',
    body: '',
  }));
}

function fate(seed: number, match?: (request: Observed) => boolean): readonly (string | undefined)[] {
  const faults = new Faults();
  faults.roll({ seed, share: 0.3, faults: FAULTS, ...(match ? { match } : {}) });
  return requests(200).map((request) => faults.next(request)?.kind);
}

test('dice fall the same way for the same seed, about as often as asked, each fault among them', () => {
  assert.deepEqual(fate(7), fate(7));
  assert.notDeepEqual(fate(7), fate(8));
  const struck = fate(7).filter((kind) => kind !== undefined);
  assert.ok(struck.length > 40 && struck.length < 80, `${struck.length} of 200`);
  assert.deepEqual([...new Set(struck)].toSorted(), ['html', 'reset', 'stall']);
});

test('dice leave alone what does not match', () => {
  const kinds = fate(7, ({ operation }) => operation === 'Read');
  assert.ok(kinds.every((kind, at) => at % 2 === 0 || kind === undefined));
});

test('a rule strikes the n-th match and as many as it says', () => {
  const faults = new Faults();
  faults.add({ match: ({ operation }) => operation === 'Login', nth: 2, times: 2, fault: { kind: 'reset' } });
  const kinds = requests(10).map((request) => faults.next(request)?.kind);
  assert.deepEqual(
    kinds.flatMap((kind, at) => (kind ? [at] : [])),
    [3, 5],
  );
  assert.equal(faults.struck.length, 2);
});
