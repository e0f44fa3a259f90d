import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pages } from './pages.ts';

const CAPACITY = 300 * 1024 + 512;

const WRITE = fc.record({
  kind: fc.constantFrom('write', 'zero', 'copy', 'return'),
  at: fc.nat(CAPACITY - 1),
  length: fc.nat(150_000),
  fill: fc.integer({ min: 1, max: 255 }),
});

test('pages hold what a plain buffer holds, and copies keep what they were', () => {
  fc.assert(
    fc.property(fc.array(WRITE, { maxLength: 30 }), (writes) => {
      const pages = new Pages(CAPACITY);
      const plain = Buffer.alloc(CAPACITY);
      const kept: [Pages, Buffer][] = [];
      for (const { kind, at, length, fill } of writes) {
        const end = Math.min(CAPACITY, at + length);
        if (kind === 'copy') kept.push([pages.copy(), Buffer.from(plain)]);
        else if (kind === 'zero') {
          pages.zero(at, end - at);
          plain.fill(0, at, end);
        } else if (kind === 'return') {
          const [then, bytes] = kept.at(-1) ?? [];
          if (!then || !bytes) continue;
          pages.become(then);
          bytes.copy(plain);
        } else {
          pages.write(at, Buffer.alloc(end - at, fill));
          plain.fill(fill, at, end);
        }
      }
      assert.ok(pages.read().equals(plain));
      for (const [then, bytes] of kept) assert.ok(then.read().equals(bytes));
    }),
    { numRuns: 60 },
  );
});

test('what was written is allocated, what was trimmed is not, and what grew is zeros', () => {
  const pages = new Pages(256 * 1024);
  pages.write(70_000, Buffer.of(1));
  pages.write(200_000, Buffer.of(1));
  assert.deepEqual([...pages.allocated(64 * 1024)], [1, 3]);
  pages.zero(64 * 1024, 64 * 1024);
  assert.deepEqual([...pages.allocated(128 * 1024)], [1]);
  pages.grow(320 * 1024);
  assert.deepEqual(pages.read(256 * 1024, 320 * 1024), Buffer.alloc(64 * 1024));
});
