import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/proof-halted.ts';
import { verdicts } from '../verdicts.ts';
import { asked } from './sample.ts';

test('a VM that stays off is not proven in a cluster', () => {
  assert.deepEqual(verdicts(rule, { power: 'off' }, { guest: asked('convert'), inCluster: true }), [
    'Information options.runStrategy',
  ]);
  const halted = { guest: asked('convert'), inCluster: true, options: { runStrategy: 'Halted' } } as const;
  assert.deepEqual(verdicts(rule, { power: 'on' }, halted), ['Information options.runStrategy']);
});

test('a VM that is to run, one in a folder, and one of which no proof is asked, are fine', () => {
  assert.deepEqual(verdicts(rule, { power: 'on' }, { guest: asked('convert'), inCluster: true }), []);
  const always = { guest: asked('convert'), inCluster: true, options: { runStrategy: 'Always' } } as const;
  assert.deepEqual(verdicts(rule, { power: 'off' }, always), []);
  assert.deepEqual(verdicts(rule, { power: 'off' }, { guest: asked('convert') }), []);
  assert.deepEqual(verdicts(rule, { power: 'off' }, { guest: {}, inCluster: true }), []);
});
