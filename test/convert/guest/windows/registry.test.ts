import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planServices } from '../../../../src/convert/guest/windows/registry.ts';

describe('services of VMware Tools', () => {
  it('are disabled where they would start, and nothing else is', () => {
    const edits = planServices([
      { name: 'VMTools', start: 2, at: 5000 },
      { name: 'VGAuthService', start: 4, at: 6000 },
      { name: 'vm3dservice' },
      { name: 'viostor', start: 0, at: 7000 },
    ]);
    assert.deepEqual(
      edits.map(({ at, number }) => [at, number]),
      [[5000, 4]],
    );
    assert.match(edits[0]?.change.what ?? '', /VMTools/);
  });
});
