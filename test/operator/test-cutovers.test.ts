/** What a test of a target means for its VM; the tests of the cluster are in test/kube/tests and test/scenarios/cluster-test-cutover.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MigrationError } from '../../src/model/errors.ts';
import type { Services, TestStatus, VmResource } from '../../src/operator/services.ts';
import { TestCutovers } from '../../src/operator/test-cutovers.ts';

const { signal } = new AbortController();
const CONVERTING: TestStatus = {
  ...{
    state: 'converting',
    vm: 'web-test',
    by: 'copy',
    because: 'of the class',
    holds: false,
    since: '2030-01-01T00:00:00.000Z',
  },
};
type Advance = Services['tests']['advance'];

/** One look at a VM whose guest is converted on its clones. */
async function lookAt(known: Partial<TestStatus>, advance: Advance) {
  const events: string[] = [];
  const again: number[] = [];
  const statuses: (TestStatus | undefined)[] = [];
  const services = {
    keptPlan: async () => ({ conversion: { policy: 'convert' } }),
    migrations: {
      saveStatus: async (_vm: object, status: { readonly test?: TestStatus }) => void statuses.push(status.test),
    },
    tell: (_about: object, { reason, note }: { readonly reason: string; readonly note: string }) =>
      events.push(`${reason}: ${note}`),
    tests: { advance },
  } as unknown as Services;
  const tests = new TestCutovers(services, { written: () => undefined, again: (_key, later) => again.push(later) });
  const vm = {
    ...{ key: 'a/web', namespace: 'a', name: 'web', uid: '1', spec: { testCutover: true } },
    status: { phase: 'AwaitPrecopy', outlook: {}, test: { ...CONVERTING, ...known } },
  } as unknown as VmResource;
  const held = await tests.look(vm, false, signal).catch((error: unknown) => error);
  return { held, saved: statuses.at(-1), events, again };
}

const busy = async (): Promise<never> => {
  throw new MigrationError('cluster-unreachable', 'The webhook does not answer.');
};

test('a cluster that cannot be asked for the VM of a test does not hold back the migration, unless its clones are not taken yet', async () => {
  const { held, saved, again, events } = await lookAt({}, busy);
  assert.equal(held, false);
  assert.deepEqual([saved?.state, saved?.doing], ['converting', 'The webhook does not answer.']);
  assert.equal(again.length, 1);
  assert.deepEqual(events, []);
  const waits = await lookAt({ state: 'cloning', holds: true }, busy);
  assert.ok(waits.held instanceof MigrationError);
  assert.equal(waits.saved, undefined);
});

test('a guest that cannot be converted ends its test with a word for programs, whatever trying again would do elsewhere', async () => {
  const failure = new MigrationError('appliance-failed', 'It does not start.', { hint: 'Look.' });
  const { held, saved, events, again } = await lookAt({ doing: 'Starting' }, async () => ({
    holds: false,
    state: 'failed',
    failure,
  }));
  assert.equal(held, false);
  assert.deepEqual(saved, { ...CONVERTING, state: 'failed', code: 'appliance-failed', message: 'It does not start. Look.' });
  assert.deepEqual(events, ['TestFailed: It does not start. Look.']);
  assert.deepEqual(again, []);
});

test('how the guest was converted is told before its VM starts', async () => {
  const guest: NonNullable<TestStatus['guest']> = {
    ...{ policy: 'convert', copy: 'test', accelerator: 'kvm', converter: 'played 1', system: 'Debian 12', seconds: 41.3 },
    ...{ changes: [], warnings: [], phases: [], disks: [] },
  };
  const { saved, events } = await lookAt({}, async ({ converting }) => {
    assert.equal(converting, true);
    return { holds: false, state: 'started', guest };
  });
  assert.deepEqual([saved?.state, saved?.guest?.system], ['started', 'Debian 12']);
  assert.deepEqual(events, [
    'TestConverted: Debian 12 was converted by played 1: 41 s with KVM.',
    'TestStarted: The VirtualMachine web-test is made, without any network.',
  ]);
});
