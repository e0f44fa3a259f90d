import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlanController, type PlanControllerOptions } from '../../src/operator/plan-controller.ts';
import type { PlanResource, Services } from '../../src/operator/services.ts';
import { Tally } from '../../src/operator/tally.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';

const { signal } = new AbortController();
const KEY = 'lab/first';

/** A canceled plan: nothing is to be assessed, and its status is written once. */
function planOf(uid: string): PlanResource {
  const spec = { canceled: true, type: 'cold', providerRef: { name: 'vcenter' }, selection: {}, target: {} };
  return { key: KEY, namespace: 'lab', name: 'first', uid, generation: 1, deleting: false, spec } as unknown as PlanResource;
}

function controllerOf(plans: Map<string, PlanResource>): {
  readonly look: () => Promise<unknown>;
  readonly written: string[];
  readonly gone: string[];
} {
  const [written, gone]: [string[], string[]] = [[], []];
  const services = {
    clock: new VirtualClock(),
    plans: {
      get: (key: string) => plans.get(key),
      saveStatus: (of: { readonly uid: string }) => Promise.resolve(void written.push(of.uid)),
    },
    networkMaps: { get: () => undefined },
    storageMaps: { get: () => undefined },
  } as unknown as Services;
  const options = { tally: new Tally(), wake: () => undefined, gone: (uid: string) => void gone.push(uid) };
  const controller = new PlanController(services, options as unknown as PlanControllerOptions);
  return { look: () => controller.reconcile(KEY, signal), written, gone };
}

test('what is remembered of a plan goes with it, also where nobody saw it go', async () => {
  const plans = new Map([[KEY, planOf('one')]]);
  const { look, written, gone } = controllerOf(plans);
  await look();
  await look();
  assert.deepEqual(written, ['one'], 'what is written already is not written again');
  plans.delete(KEY);
  await look();
  await look();
  assert.deepEqual(gone, ['one']);
  plans.set(KEY, planOf('one'));
  await look();
  assert.deepEqual(written, ['one', 'one'], 'nothing was remembered');
  plans.set(KEY, planOf('another'));
  await look();
  assert.deepEqual(gone, ['one', 'one']);
  assert.deepEqual(written, ['one', 'one', 'another']);
});
