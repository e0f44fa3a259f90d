/** The last moment at which a VM can turn back: who stands by for its last pass, and what becomes of them when it does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Phase } from '../../src/model/phase.ts';
import type { StepEvent, VmPlan, VmProgress } from '../../src/model/plan.ts';
import type { Schedule } from '../../src/model/schedule.ts';
import { awaitCutover } from '../../src/steps/await-group.ts';
import type { StepContext } from '../../src/steps/step.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

const NOW = Date.parse('2026-01-02T03:04:05.000Z');
const PLAN: VmPlan = { ...fakePlan(fakeVm()), type: 'warm', warm: { fixed: { low: 1, likely: 2, high: 3 }, goal: 60 } };
const passes = [1, 2].map((number) => {
  const checkpointAt = new Date(NOW - (3 - number) * 60_000).toISOString();
  return { number, checkpointAt, bytes: 4096, copySeconds: 1, snapshotSeconds: 1 };
});

interface Circumstances {
  /** Milliseconds until what stands by does so. */
  readonly takes: number;
  /** Whether there is a place for it. */
  readonly place?: boolean;
  /** Where the other VM of its group is by then; it is alone when absent. */
  readonly other?: Phase;
}

async function cutOver(
  schedule: Partial<Schedule>,
  { takes, place = true, other }: Circumstances,
): Promise<readonly [StepEvent, readonly string[]]> {
  let now = NOW;
  const companions = () =>
    other && { companions: [{ name: 'db', type: 'warm', phase: now === NOW ? 'PowerOffSource' : other } as const] };
  const told: string[] = [];
  const warm = { id: 'w', checkpoints: {}, passes };
  const progress = { type: 'warm', phase: 'AwaitCutover', warm, transfers: [{ job: 'web/scsi0:0' }] } as unknown as VmProgress;
  const context = {
    connection: {},
    destination: {
      makeReady: () => Promise.resolve(void told.push('made ready')),
      diskTarget: () => ({ kind: 'raw-file', path: '/disk/disk.img' }),
    },
    transfers: { reserve: (key: string) => place && told.push(`place for ${key}`) > 0 },
    copier: {
      standBy: (disks: readonly { readonly disk: string }[]) => {
        now += takes;
        return Promise.resolve(void told.push(`${disks.map(({ disk }) => disk)} stands by`));
      },
      standDown: () => Promise.resolve(void told.push('stands down')),
    },
    observer: {},
    clock: { now: () => now, sleep: () => Promise.resolve() },
    wishes: { of: () => ({ schedule: { cutover: { kind: 'when-ready' }, blackouts: [], ...schedule }, ...companions() }) },
    signal: new AbortController().signal,
  } as unknown as StepContext;
  return [await awaitCutover(PLAN, progress, context), told];
}

const STANDS_BY = ['made ready', 'place for web/scsi0:0', 'scsi0:0 stands by'];

test('who copies the last changes stands by before the source is shut down', async () => {
  assert.deepEqual(await cutOver({}, { takes: 20_000 }), [{ kind: 'done' }, STANDS_BY]);
});

test('where there is no place nobody stands by, and the cutover begins all the same', async () => {
  assert.deepEqual(await cutOver({}, { takes: 20_000, place: false }), [{ kind: 'done' }, ['made ready']]);
});

test('a window that got too short meanwhile is missed before anything has happened, and nobody is kept waiting', async () => {
  const window = { cutover: { kind: 'at', at: NOW - 1000, until: NOW + 60_000 } } as const;
  assert.deepEqual((await cutOver(window, { takes: 10_000 }))[0], { kind: 'done' });
  const [event, told] = await cutOver(window, { takes: 59_000 });
  assert.notEqual(event.kind, 'done');
  assert.deepEqual(told, [...STANDS_BY, 'stands down']);
});

test('a VM whose group failed meanwhile is not shut down', async () => {
  assert.deepEqual((await cutOver({}, { takes: 20_000, other: 'CopyFinalDelta' }))[0], { kind: 'done' });
  const [event, told] = await cutOver({}, { takes: 20_000, other: 'Failed' });
  assert.equal(event.kind, 'parked');
  assert.match(event.kind === 'parked' ? event.outlook.because : '', /waits for db/);
  assert.deepEqual(told, [...STANDS_BY, 'stands down']);
});
