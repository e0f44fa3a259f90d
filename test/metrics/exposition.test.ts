import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from '../../src/metrics/index.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { VirtualClock } from '../fakes/virtual-clock.ts';
import { promtool } from '../peers/prometheus.ts';
import { condition, type FakeFleet, fakeFleet, planNamed, providerNamed, vmOf } from './fleet.ts';

const START = Date.UTC(2026, 0, 1);
const at = (minute: number): string => new Date(START + minute * 60_000).toISOString();

function measured() {
  const clock = new VirtualClock(START);
  const metrics = createMetrics({ clock, version: '1.2.3' });
  const fleet = fakeFleet();
  metrics.follow(fleet);
  return { clock, metrics, fleet };
}

/** Samples whose line begins with `text`. */
async function samples(metrics: { render(): Promise<string> }, text: string): Promise<readonly string[]> {
  return (await metrics.render()).split('\n').filter((line) => line.startsWith(`kubeferry_${text}`));
}

/** A plan with a VM in every kind of state. */
function populate(fleet: FakeFleet): void {
  const inventory = { vms: 30, hosts: 3, networks: 4, storages: 5, readAt: at(0) };
  fleet.providers.put(providerNamed('vcenter', { conditions: [condition('Ready', 'True', 'Connected')], inventory }));
  fleet.plans.put(planNamed('first', { conditions: [condition('Ready', 'False', 'Running')], bytes: { moved: 1, total: 9 } }));
  fleet.migrations.put(vmOf('first', 'waiting'));
  fleet.migrations.put(vmOf('first', 'blocked', { critical: 1 }));
  const history = [{ phase: 'PowerOffSource', startedAt: at(-10), endedAt: at(-9) }];
  fleet.migrations.put(vmOf('first', 'off', { phase: 'CopyDisks', since: at(-9), sourceStopped: true, history }));
  fleet.migrations.put(vmOf('first', 'held', { phase: 'CopyDisks', waitingFor: 'waiting for host a: 4 of 4 transfers' }));
}

test('promtool finds no fault with the figures', async () => {
  const { metrics, fleet } = measured();
  populate(fleet);
  metrics.answered({ verb: 'get', status: 200, seconds: 0.01 });
  metrics.followed('Provider', 'list');
  metrics.trouble('cluster', new MigrationError('cluster-unreachable', 'gone'));
  metrics.leads();
  // Node's own figures bring names that are no fault of ours.
  const ours = (await metrics.render()).split('\n').filter((line) => /^(# (HELP|TYPE) )?kubeferry_/.test(line));
  assert.equal(await promtool(['check', 'metrics'], `${ours.join('\n')}\n`), '');
});

test('VMs are counted by plan and phase, and blocked ones by plan', async () => {
  const { metrics, fleet } = measured();
  populate(fleet);
  assert.deepEqual(await samples(metrics, 'vms{'), [
    'kubeferry_vms{namespace="lab",plan="first",phase="Waiting"} 2',
    'kubeferry_vms{namespace="lab",plan="first",phase="CopyDisks"} 2',
  ]);
  assert.deepEqual(await samples(metrics, 'vms_blocked{'), ['kubeferry_vms_blocked{namespace="lab",plan="first"} 1']);
});

test('a source that is off without its VM shows since when, whoever else is fine', async () => {
  const { metrics, fleet } = measured();
  populate(fleet);
  const [since] = await samples(metrics, 'downtime_start');
  assert.equal(
    since,
    `kubeferry_downtime_start_timestamp_seconds{namespace="lab",plan="first",type="cold"} ${START / 1000 - 600}`,
  );
});

test('progress is that of the VM that is the furthest behind; who waits for limits is not', async () => {
  const { clock, metrics, fleet } = measured();
  populate(fleet);
  const line = (milliseconds: number) => [
    `kubeferry_oldest_progress_timestamp_seconds{namespace="lab",plan="first"} ${milliseconds / 1000}`,
  ];
  assert.deepEqual(await samples(metrics, 'oldest_progress'), line(START));
  await clock.pass(60_000);
  fleet.migrations.put(vmOf('first', 'quick', { phase: 'Prove' }));
  assert.deepEqual(await samples(metrics, 'oldest_progress'), line(START), 'one that is quick hides none that stands still');
  fleet.migrations.put(vmOf('first', 'off', { phase: 'Convert', since: at(1) }));
  assert.deepEqual(await samples(metrics, 'oldest_progress'), line(START + 60_000));
  await clock.pass(60_000);
  fleet.migrations.put(vmOf('first', 'off', { phase: 'Convert', since: at(1), observedGeneration: 2 }));
  assert.deepEqual(await samples(metrics, 'oldest_progress'), line(START + 60_000), 'a mere change of the status is no progress');
});

test('a plan and a provider that go take all their series with them', async () => {
  const { metrics, fleet } = measured();
  populate(fleet);
  assert.ok((await metrics.render()).includes('plan="first"'));
  fleet.plans.remove('lab/first');
  fleet.providers.remove('lab/vcenter');
  // VMs go after their plan, and may change until then.
  fleet.migrations.put(vmOf('first', 'off', { phase: 'Convert' }));
  for (const gone of ['plan="first"', 'provider="vcenter"']) {
    const left = (await metrics.render()).split('\n').filter((line) => line.includes(gone));
    assert.deepEqual(left, []);
  }
});

test('what happened before somebody looked is not counted', async () => {
  const { metrics, fleet } = measured();
  fleet.plans.put(planNamed('first', {}));
  const disk = { disk: 'a', claim: 'a', capacity: 100, done: 100, total: 100, allocated: 100, stage: 'complete' } as const;
  const history = [{ phase: 'CopyDisks', startedAt: at(0), endedAt: at(5) }];
  fleet.migrations.put(vmOf('first', 'old', { phase: 'Completed', disks: [disk], history }));
  fleet.migrations.put(vmOf('first', 'new'));
  fleet.migrations.put(vmOf('first', 'new', { phase: 'Completed', disks: [disk], history }));
  assert.deepEqual(await samples(metrics, 'copied_bytes_total'), [
    'kubeferry_copied_bytes_total{namespace="lab",plan="first"} 100',
  ]);
  assert.deepEqual(await samples(metrics, 'phase_duration_seconds_count'), [
    'kubeferry_phase_duration_seconds_count{phase="CopyDisks"} 1',
  ]);
  assert.deepEqual(await samples(metrics, 'vms_ended_total{result="completed"'), [
    'kubeferry_vms_ended_total{result="completed"} 1',
  ]);
});

test('a provider tells when it answered, when it was read and what it holds', async () => {
  const { metrics, fleet } = measured();
  const inventory = { vms: 30, hosts: 3, networks: 4, storages: 5, readAt: at(0) };
  const conditions = [condition('Ready', 'False', 'SourceUnreachable'), condition('Degraded', 'True', 'SourceUnreachable')];
  fleet.providers.put(providerNamed('vcenter', { conditions, inventory, lastSeen: at(5) }));
  const labels = 'namespace="lab",provider="vcenter"';
  assert.deepEqual(await samples(metrics, 'provider_'), [
    `kubeferry_provider_up{${labels},type="vsphere"} 0`,
    `kubeferry_provider_degraded{${labels}} 1`,
    `kubeferry_provider_inventory_timestamp_seconds{${labels}} ${START / 1000}`,
    `kubeferry_provider_last_answer_timestamp_seconds{${labels}} ${START / 1000 + 300}`,
    ...Object.entries({ vms: 30, hosts: 3, networks: 4, storages: 5 }).map(
      ([kind, count]) => `kubeferry_provider_inventory_objects{${labels},kind="${kind}"} ${count}`,
    ),
  ]);
});

test('failures are counted by their codes, and words that are no codes make no series', async () => {
  const { metrics, fleet } = measured();
  fleet.plans.put(planNamed('first', {}));
  fleet.migrations.put(vmOf('first', 'web', { phase: 'CopyDisks' }));
  const failure = { phase: 'CopyDisks', code: 'target-full', message: '', hint: '' };
  fleet.migrations.put(vmOf('first', 'web', { phase: 'Failed', failure }));
  for (const reason of ['SourceLoginFailed', 'SourceLoginFailed']) {
    fleet.providers.put(providerNamed('vcenter', { conditions: [condition('Ready', 'False', reason)] }));
  }
  fleet.plans.put(planNamed('first', { conditions: [condition('Ready', 'False', 'ConfigInvalid')] }));
  fleet.plans.put(planNamed('first', { conditions: [condition('Ready', 'False', 'Running')] }));
  metrics.trouble('controller', new TypeError('x is not a function'));
  assert.deepEqual(await samples(metrics, 'errors_total'), [
    'kubeferry_errors_total{where="vm",code="target-full"} 1',
    'kubeferry_errors_total{where="provider",code="source-login-failed"} 1',
    'kubeferry_errors_total{where="plan",code="config-invalid"} 1',
    'kubeferry_errors_total{where="controller",code="bug"} 1',
  ]);
  assert.deepEqual(await samples(metrics, 'provider_up'), [
    'kubeferry_provider_up{namespace="lab",provider="vcenter",type="vsphere"} 0',
  ]);
});

test('series grow with plans, not with VMs', async () => {
  const { metrics, fleet } = measured();
  const lines = async () => (await metrics.render()).split('\n').length;
  fleet.plans.put(planNamed('first', {}));
  fleet.migrations.put(vmOf('first', 'vm-0', { phase: 'CopyDisks' }));
  const few = await lines();
  for (let vm = 1; vm < 10_000; vm += 1) fleet.migrations.put(vmOf('first', `vm-${vm}`, { phase: 'CopyDisks' }));
  assert.equal(await lines(), few);
});
