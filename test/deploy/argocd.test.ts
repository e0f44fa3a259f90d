/** Argo CD's view of our kinds, in every state that they say of themselves. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { KINDS } from '../../src/resources/index.ts';
import { argoHealth, HEALTH_STATES } from '../peers/argocd.ts';

const FILE = path.join(import.meta.dirname, '../../deploy/argocd/argocd-cm.yaml');
const { data } = parse(await readFile(FILE, 'utf8')) as { readonly data: Readonly<Record<string, string>> };
const scriptOf = (kind: string): string => data[`resource.customizations.health.kubeferry.dev_${kind}`] ?? '';

test('there is a check for every kind and for nothing else', () => {
  const kinds = Object.keys(data).map((key) => key.replace('resource.customizations.health.kubeferry.dev_', ''));
  assert.deepEqual(kinds.toSorted(), KINDS.map(({ kind }) => kind).toSorted());
});

const ready = (status: string, reason: string, observedGeneration = 2) => ({
  observedGeneration,
  conditions: [
    { type: 'Assessed', status: 'True', reason: 'Assessed', message: 'Not this one.' },
    { type: 'Ready', status, reason, message: 'So it is.', observedGeneration },
  ],
});
const vms = (running: number, waiting: number, failed = 0) => ({ vms: { total: 9, running, waiting, failed } });

/** Kind, what its status is, what its spec says, and what Argo CD shall make of it. */
const STATES: readonly (readonly [kind: string, status: object | undefined, spec: object, health: string])[] = [
  ['Provider', undefined, {}, 'Progressing'],
  ['Provider', {}, {}, 'Progressing'],
  ['Provider', ready('Unknown', 'Reading'), {}, 'Progressing'],
  ['Provider', ready('True', 'Connected'), {}, 'Healthy'],
  ['Provider', ready('True', 'Connected', 1), {}, 'Progressing'],
  ['Provider', ready('False', 'SourceLoginFailed'), {}, 'Degraded'],
  ['NetworkMap', undefined, {}, 'Healthy'],
  ['StorageMap', undefined, {}, 'Healthy'],
  ['MigrationPlan', undefined, {}, 'Progressing'],
  ['MigrationPlan', ready('True', 'Completed', 1), {}, 'Progressing'],
  ['MigrationPlan', { ...ready('True', 'Completed'), ...vms(0, 0) }, {}, 'Healthy'],
  ['MigrationPlan', { ...ready('True', 'DryRun'), ...vms(0, 9) }, {}, 'Healthy'],
  ['MigrationPlan', { ...ready('False', 'DryRun'), ...vms(0, 9) }, {}, 'Degraded'],
  ['MigrationPlan', { ...ready('False', 'Running'), ...vms(2, 3) }, {}, 'Progressing'],
  ['MigrationPlan', { ...ready('False', 'Running'), ...vms(2, 3, 1) }, {}, 'Progressing'],
  ['MigrationPlan', ready('False', 'ProviderNotReady'), {}, 'Progressing'],
  ['MigrationPlan', { ...ready('False', 'Paused'), ...vms(0, 9) }, {}, 'Suspended'],
  ['MigrationPlan', { ...ready('False', 'Paused'), ...vms(1, 8) }, {}, 'Progressing'],
  ['MigrationPlan', { ...ready('False', 'Scheduled'), ...vms(0, 9) }, {}, 'Suspended'],
  ['MigrationPlan', { ...ready('False', 'Canceled'), ...vms(0, 0) }, {}, 'Healthy'],
  ['MigrationPlan', { ...ready('False', 'Canceled'), ...vms(1, 0) }, {}, 'Progressing'],
  ['MigrationPlan', { ...ready('False', 'Blocked'), ...vms(0, 9) }, {}, 'Degraded'],
  ['MigrationPlan', { ...ready('False', 'Failed'), ...vms(0, 0, 9) }, {}, 'Degraded'],
  ['MigrationPlan', ready('False', 'ConfigInvalid'), {}, 'Degraded'],
  ['VmMigration', undefined, {}, 'Progressing'],
  ['VmMigration', { critical: 0 }, {}, 'Progressing'],
  ['VmMigration', { critical: 1, waitingFor: 'Critical concerns are open: x' }, {}, 'Degraded'],
  ['VmMigration', { critical: 0 }, { paused: true }, 'Suspended'],
  ...['Pending', 'PowerOffSource', 'CopyDisks', 'Convert', 'CreateVm', 'Prove'].map(
    (phase) => ['VmMigration', { phase, progress: 40 }, {}, 'Progressing'] as const,
  ),
  ['VmMigration', { phase: 'CopyDisks', waitingFor: 'waiting for host esx-3: 4 of 4 transfers' }, {}, 'Progressing'],
  ['VmMigration', { phase: 'CopyDisks' }, { paused: true }, 'Suspended'],
  ['VmMigration', { phase: 'CopyDisks' }, { paused: true, canceled: true }, 'Progressing'],
  ['VmMigration', { phase: 'Completed' }, {}, 'Healthy'],
  ['VmMigration', { phase: 'Failed', failure: { message: 'The disk is torn.', hint: 'Mend it.' } }, {}, 'Degraded'],
  ['VmMigration', { phase: 'Failed' }, {}, 'Degraded'],
  ['VmMigration', { phase: 'Committed' }, {}, 'Healthy'],
  ['VmMigration', { phase: 'RolledBack' }, {}, 'Healthy'],
  ['VmMigration', { phase: 'AwaitCommit', outlook: { next: 'commit', because: 'of a test' } }, {}, 'Suspended'],
  ['VmMigration', { phase: 'AwaitPrecopy', outlook: { next: 'precopy', because: 'of a test' } }, {}, 'Progressing'],
  ['VmMigration', { phase: 'AwaitPrecopy', outlook: { next: 'cutover', because: 'the schedule says so' } }, {}, 'Suspended'],
  ['VmMigration', { phase: 'AwaitCutover', outlook: { next: 'group', because: 'its group waits for db' } }, {}, 'Progressing'],
  ['VmMigration', { phase: 'Canceled' }, { canceled: true }, 'Healthy'],
];

test('every state has the health that people expect, and a message', async () => {
  for (const [kind, status, spec, expected] of STATES) {
    const object = { kind, metadata: { name: 'one', generation: 2 }, spec, ...(status && { status }) };
    const health = await argoHealth(scriptOf(kind), object);
    const about = `${kind} ${JSON.stringify({ status, spec })}`;
    assert.equal(health.status, expected, about);
    assert.ok(
      HEALTH_STATES.some((state) => state === health.status),
      about,
    );
    assert.ok(health.message.length > 5, about);
  }
});

test('the message says what to do and what is waited for', async () => {
  const of = async (status: object) =>
    (await argoHealth(scriptOf('VmMigration'), { metadata: { generation: 1 }, spec: {}, status })).message;
  assert.equal(
    await of({ phase: 'Failed', failure: { message: 'The disk is torn.', hint: 'Mend it.' } }),
    'The disk is torn. Mend it.',
  );
  const moving = { phase: 'CopyDisks', progress: 40, waitingFor: 'Waiting for host esx-3: 4 of 4 transfers.' };
  assert.equal(await of(moving), 'CopyDisks, 40 percent of the bytes are moved. Waiting for host esx-3: 4 of 4 transfers.');
});

test('a check that leans on a library of Lua is found out', async () => {
  await assert.rejects(argoHealth('return { status = string.upper("healthy") }', {}), /attempt to index a non-table/);
});
