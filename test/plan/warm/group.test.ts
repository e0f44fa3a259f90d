import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdictAt } from '../../../src/plan/warm/group.ts';

const at = (phase?: Parameters<typeof verdictAt>[1][number]['phase'], type: 'cold' | 'warm' = 'warm') => ({
  name: 'db',
  type,
  ...(phase !== undefined && { phase }),
});

test('nobody is shut down before all of the group are ready', () => {
  assert.deepEqual(verdictAt('AwaitCutover', [at('AwaitCutover'), at('AwaitPrecopy')]), { kind: 'wait', for: ['db'] });
  assert.deepEqual(verdictAt('AwaitCutover', [at()]), { kind: 'wait', for: ['db'] });
  assert.deepEqual(verdictAt('AwaitCutover', [at('CopyDelta')]), { kind: 'wait', for: ['db'] });
  assert.deepEqual(verdictAt('AwaitCutover', [at('AwaitCutover'), at('PowerOffSource')]), { kind: 'go', begun: true });
  assert.deepEqual(verdictAt('AwaitCutover', [at('AwaitCutover')]), { kind: 'go', begun: false }, 'all may still turn back');
});

test('the first copy of a warm VM comes long before the gate, that of a cold one behind it', () => {
  assert.deepEqual(verdictAt('AwaitCutover', [at('CopyDisks')]), { kind: 'wait', for: ['db'] });
  assert.deepEqual(verdictAt('AwaitCutover', [at('CopyDisks', 'cold')]), { kind: 'go', begun: true });
  assert.deepEqual(verdictAt('AwaitGroup', [at('CopyDisks', 'cold')]), { kind: 'wait', for: ['db'] });
});

test('a companion that failed is waited for while its source runs, and fails all when theirs are off', () => {
  assert.deepEqual(verdictAt('AwaitCutover', [at('Failed')]), { kind: 'wait', for: ['db'] });
  assert.deepEqual(verdictAt('AwaitGroup', [at('Failed')]), { kind: 'fail', because: 'db of its group is Failed' });
  assert.deepEqual(verdictAt('AwaitGroup', [at('RolledBack')]), { kind: 'fail', because: 'db of its group is RolledBack' });
});

test('who is alone in its group waits for nobody', () => {
  assert.deepEqual(verdictAt('AwaitCutover', []), { kind: 'go', begun: false });
});
