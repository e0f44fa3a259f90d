import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DueTimes } from '../../../src/kube/runtime/due-times.ts';

test('keys come out when they are due, the earliest first, each at its earliest instant', () => {
  const key = fc.constantFrom(...'abcdefgh');
  const step = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), key, at: fc.nat(50) }),
    fc.record({ kind: fc.constant('delete' as const), key, at: fc.constant(0) }),
    fc.record({ kind: fc.constant('take' as const), key, at: fc.nat(50) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const times = new DueTimes();
      const plain = new Map<string, number>();
      for (const { kind, key: name, at } of steps) {
        const earliest = plain.size === 0 ? undefined : Math.min(...plain.values());
        assert.equal(times.next(), earliest);
        assert.equal(times.size, plain.size);
        if (kind === 'set') {
          times.set(name, at);
          plain.set(name, Math.min(at, plain.get(name) ?? at));
        } else if (kind === 'delete') {
          times.delete(name);
          plain.delete(name);
        } else {
          const taken = times.take(at);
          if (earliest === undefined || earliest > at) assert.equal(taken, undefined);
          else {
            assert.equal(plain.get(taken ?? ''), earliest);
            plain.delete(taken ?? '');
          }
        }
      }
    }),
  );
});
