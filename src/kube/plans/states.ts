/**
 * What is shown of a stored plan or VmMigration. Read with tolerance: a field that this version does not understand is not shown, and no reason to
 * show nothing of an object that a newer operator wrote.
 */

import { defined } from '../../model/defined.ts';
import type { PlanState, VmState, VmTrouble } from '../../model/plan-state.ts';
import { Outlook } from '../../resources/vm-migration.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { at, listAt, numberAt, oneOf, textAt, textsAt } from '../facts/json.ts';

export function planState({ metadata, spec, status }: KubeObject): PlanState {
  const { namespace = '', name, uid = '', generation = 0, creationTimestamp } = metadata;
  const ready = conditionOf(status, 'Ready');
  const counts = at(status, 'vms');
  const count = (word: string): number => numberAt(counts, word) ?? 0;
  return {
    ...{ namespace, name, uid },
    provider: textAt(spec, 'providerRef', 'name') ?? '',
    type: textAt(spec, 'type') === 'warm' ? 'warm' : 'cold',
    // What could not even be assessed has no observed generation; its condition says which one it is about.
    current: (numberAt(status, 'observedGeneration') ?? numberAt(ready, 'observedGeneration')) === generation,
    blocked: textAt(conditionOf(status, 'Assessed'), 'status') === 'False',
    paused: at(spec, 'paused') === true,
    canceled: at(spec, 'canceled') === true,
    dryRun: at(spec, 'dryRun') === true,
    manualCommit: textAt(spec, 'commit', 'mode') === 'manual',
    missing: textsAt(status, 'missing'),
    counts: {
      total: count('total'),
      waiting: count('waiting'),
      running: count('running'),
      completed: count('completed'),
      failed: count('failed'),
      canceled: count('canceled'),
    },
    moved: numberAt(status, 'bytes', 'moved') ?? 0,
    total: numberAt(status, 'bytes', 'total') ?? 0,
    progress: numberAt(status, 'progress') ?? 0,
    ...defined({
      state: textAt(ready, 'reason'),
      message: textAt(ready, 'message'),
      start: textAt(spec, 'schedule', 'start'),
      cutover: textAt(spec, 'cutover'),
      createdAt: creationTimestamp,
    }),
  };
}

export function vmState({ metadata, spec, status }: KubeObject): VmState {
  const { namespace = '', name, uid = '', resourceVersion = '' } = metadata;
  const disks = listAt(status, 'disks');
  const concerns = listAt(status, 'concerns').filter(
    (concern) => textAt(concern, 'category') === 'Critical' && textAt(concern, 'accepted') === undefined,
  );
  const ids = concerns.flatMap((concern) => textAt(concern, 'id') ?? []);
  const critical = numberAt(status, 'critical') ?? 0;
  return {
    ...{ namespace, name, uid, resourceVersion },
    plan: textAt(spec, 'planRef', 'name') ?? '',
    vm: { id: textAt(spec, 'vm', 'id') ?? '', name: textAt(spec, 'vm', 'name') ?? name },
    done: sum(disks.map((disk) => numberAt(disk, 'done') ?? 0)),
    total: sum(disks.map((disk) => numberAt(disk, 'total') || (numberAt(disk, 'capacity') ?? 0))),
    open: critical > 0 && ids.length === 0 ? ['unknown'] : [...new Set(ids)],
    paused: at(spec, 'paused') === true,
    canceled: at(spec, 'canceled') === true,
    committed: at(spec, 'committed') === true,
    rolledBack: at(spec, 'rolledBack') === true,
    retry: numberAt(spec, 'retry') ?? 0,
    retried: numberAt(status, 'retried') ?? 0,
    ...defined({
      targetName: textAt(status, 'targetName'),
      phase: textAt(status, 'phase'),
      since: textAt(status, 'since'),
      stage: stageOf(disks),
      doing: textAt(status, 'doing'),
      waitingFor: textAt(status, 'waitingFor'),
      outlook: Outlook.safeParse(at(status, 'outlook')).data,
      downtime: textAt(status, 'downtime', 'text'),
      proof: proofOf(at(status, 'proof')),
      group: textAt(status, 'group'),
      failure: troubleOf(at(status, 'failure')),
      cutover: textAt(spec, 'cutover'),
      tested: at(spec, 'testCutover') === true ? true : undefined,
      sinceCutover: writtenOf(disks),
      test: testOf(at(status, 'test')),
    }),
  };
}

/** Disks that are proven while others are copied count as copied. */
function stageOf(disks: readonly unknown[]): 'copy' | 'prove' | undefined {
  const stages = disks.map((disk) => textAt(disk, 'stage'));
  return (['copy', 'prove'] as const).find((stage) => stages.includes(stage));
}

function writtenOf(disks: readonly unknown[]): VmState['sinceCutover'] {
  const found = disks.flatMap((disk) => {
    const content = oneOf(['unchanged', 'written', 'unknown'] as const, textAt(disk, 'sinceCutover'));
    return content === undefined ? [] : [{ disk: textAt(disk, 'disk') ?? '', content }];
  });
  return found.length === 0 ? undefined : found;
}

function proofOf(proof: unknown): VmState['proof'] {
  const booted = at(proof, 'booted');
  if (typeof booted !== 'boolean') return undefined;
  const seen = listAt(proof, 'evidence').flatMap((one) => textAt(one, 'text') ?? []);
  const text = booted ? seen.join('; ') : (textAt(proof, 'trouble', 'text') ?? 'it gave no sign');
  return { booted, text, ...defined({ screenshot: textAt(proof, 'screenshot') }) };
}

function testOf(test: unknown): VmState['test'] {
  const [state, vm] = ['state', 'vm'].map((word) => textAt(test, word));
  if (state === undefined || vm === undefined) return undefined;
  const because = textAt(test, 'message') ?? textAt(test, 'because');
  return { state, vm, ...defined({ because, doing: textAt(test, 'doing'), proof: proofOf(at(test, 'proof')) }) };
}

function troubleOf(failure: unknown): VmTrouble | undefined {
  const [phase, code, message] = ['phase', 'code', 'message'].map((word) => textAt(failure, word));
  if (phase === undefined || code === undefined || message === undefined) return undefined;
  return { phase, code, message, hint: textAt(failure, 'hint') ?? '', ...defined({ source: textAt(failure, 'source') }) };
}

function conditionOf(status: unknown, type: string): unknown {
  return listAt(status, 'conditions').find((condition) => textAt(condition, 'type') === type);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** A plan that waits for its provider, with what the provider says of itself. */
export function withProvider(plan: PlanState, provider: KubeObject | undefined): PlanState {
  const why = textAt(conditionOf(provider?.['status'], 'Ready'), 'message');
  const told = provider === undefined ? 'It is not there.' : why;
  return told === undefined ? plan : { ...plan, message: `${plan.message ?? ''} ${told}`.trim() };
}
