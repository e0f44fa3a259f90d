import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BootProver, GuestConversions } from '../../src/contracts/guests.ts';
import type { BootProof } from '../../src/model/boot-proof.ts';
import type { ConversionRequest, GuestOutcome } from '../../src/model/conversion.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { StepEvent, VmPlan, VmProgress } from '../../src/model/plan.ts';
import { advance, begin, resume } from '../../src/plan/advance.ts';
import { convert } from '../../src/steps/convert.ts';
import { prove } from '../../src/steps/prove.ts';
import type { StepContext } from '../../src/steps/step.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

const AT = '2026-01-02T03:04:05.000Z';
const LATER = '2026-01-02T04:00:00.000Z';
const DISKS = ['scsi0:0', 'scsi0:1'].map((key) => ({ key, label: key, capacity: 4096, format: { container: 'raw' } as const }));

function planned(more: Partial<VmPlan>): VmPlan {
  return { ...fakePlan(fakeVm({ disks: DISKS })), ...more };
}

/** Both disks are on the target, proven. */
function copied(plan: VmPlan): VmProgress {
  const begun = { ...begin(plan, AT), phase: 'CopyDisks' } as const;
  const whole = DISKS.reduce((progress: VmProgress, { key }) => {
    const proof = { algorithm: 'sha256', blockSize: 65_536, root: `root of ${key}`, size: 4096, allocated: 4096 } as const;
    const result = { job: `web/${key}`, size: 4096, moved: 4096, allocated: 4096, seconds: 1, transport: 'stream', proof };
    return advance(plan, progress, { kind: 'transferred', result }, AT);
  }, begun);
  return advance(plan, whole, { kind: 'done' }, AT);
}

function outcomeOf({ copy }: ConversionRequest): GuestOutcome {
  const changed = { disk: 'scsi0:1', changed: 512, root: 'converted' };
  return { policy: 'convert', copy, accelerator: 'tcg', changes: [], warnings: [], seconds: [], disks: [changed] };
}

/** What the steps use, and what they asked for. */
function ground(parts: { readonly prover?: BootProver['prove'] } = {}) {
  const asked: ConversionRequest[] = [];
  const told: StepEvent[] = [];
  const released: string[] = [];
  const conversions: GuestConversions = {
    check: async () => undefined,
    convert: async (_plan, request) => {
      asked.push(request);
      return outcomeOf(request);
    },
    release: async ({ mapping }) => void released.push(mapping.targetName),
  };
  const context = {
    destination: { diskTarget: (_plan: VmPlan, disk: string) => ({ kind: 'raw-file', path: `/to/${disk}` }) },
    conversions,
    ...(parts.prover && { prover: { check: async () => undefined, prove: parts.prover } }),
    observer: {},
    signal: new AbortController().signal,
    record: async (event: StepEvent) => void told.push(event),
  } as unknown as StepContext;
  return { context, asked, told, released };
}

test('a guest is converted once for each copy of its disks, and what was converted is what its disks are compared with from then on', async () => {
  const plan = planned({ conversion: { policy: 'convert', root: '/dev/sdb1' } });
  const before = copied(plan);
  const { context, asked, told, released } = ground();
  assert.deepEqual(await convert(plan, before, context), { kind: 'done' });
  const [request] = asked;
  assert.deepEqual(
    request?.disks.map(({ key, path, proven, journal }) => [key, path, proven, journal]),
    [
      ['scsi0:0', '/to/scsi0:0', 4096, '/to/scsi0:0.journal'],
      ['scsi0:1', '/to/scsi0:1', 4096, '/to/scsi0:1.journal'],
    ],
  );
  assert.equal(request?.root, '/dev/sdb1');
  assert.deepEqual(released.length, 1);
  const after = told.reduce((progress, event) => advance(plan, progress, event, LATER), before);
  const roots = after.transfers.map(({ proof }) => [proof?.root, proof?.copied]);
  assert.deepEqual(roots, [
    ['root of scsi0:0', undefined],
    ['converted', 'root of scsi0:1'],
  ]);
  // A process that was killed behind the note comes here again.
  assert.deepEqual(await convert(plan, after, context), { kind: 'done' });
  assert.equal(asked.length, 1);
});

test('disks that are copied again are converted again', async () => {
  const plan = planned({ conversion: { policy: 'convert' } });
  const first = ground();
  await convert(plan, copied(plan), first.context);
  const done = first.told.reduce((progress, event) => advance(plan, progress, event, LATER), copied(plan));
  const failed = advance(
    plan,
    done,
    { kind: 'failed', code: 'target-full', message: '', hint: '', source: 'started-again' },
    LATER,
  );
  const again = resume(failed, LATER);
  assert.equal(again.conversion, undefined);
  const second = ground();
  const recopied = advance(plan, { ...copied(plan), phase: 'CopyDisks' }, { kind: 'done' }, LATER);
  await convert(plan, recopied, second.context);
  assert.notEqual(second.asked[0]?.copy, first.asked[0]?.copy);
});

test('where nobody asked for it the guest is left alone, and the record says so', async () => {
  for (const conversion of [undefined, { policy: 'none' }, { policy: 'compatibility' }] as const) {
    const plan = planned(conversion === undefined ? {} : { conversion });
    const { context, asked } = ground();
    assert.equal((await convert(plan, copied(plan), context)).kind, 'skipped');
    assert.equal(asked.length, 0);
  }
});

const PROOF: Omit<BootProof, 'booted'> = {
  evidence: [],
  seconds: 40,
  accelerator: { name: 'tcg', because: 'no KVM' },
  addresses: {},
  console: '',
  differences: [],
};

test('a guest that was seen to boot ends the phase; one that was not fails, with what was seen noted before', async () => {
  const plan = planned({ proof: { probes: [] } });
  const good = ground({ prover: async () => ({ ...PROOF, booted: true }) });
  assert.deepEqual(await prove(plan, copied(plan), good.context), { kind: 'done' });
  const trouble = { code: 'no-boot-device', text: 'SeaBIOS found nothing to boot from.' } as const;
  const bad = ground({ prover: async () => ({ ...PROOF, booted: false, trouble }) });
  await assert.rejects(prove(plan, copied(plan), bad.context), (error) => {
    assert.ok(error instanceof MigrationError);
    assert.equal(error.code, 'boot-not-proven');
    assert.match(error.message, /SeaBIOS found nothing/);
    return true;
  });
  assert.equal(bad.told[0]?.kind, 'boot-watched');
});

test('nobody looks where no proof is asked for, and at a VM that is to stay off', async () => {
  const { context } = ground({ prover: async () => undefined });
  assert.equal((await prove(planned({}), copied(planned({})), context)).kind, 'skipped');
  const plan = planned({ proof: { probes: [] } });
  assert.equal((await prove(plan, copied(plan), context)).kind, 'skipped');
});
