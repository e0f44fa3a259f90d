/** Looks into guests while a plan is made. Everything else of prepare() is told by the tests of its parts and by the goldens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestInspector } from '../src/contracts/guest-inspector.ts';
import { MigrationError } from '../src/model/errors.ts';
import type { GuestChoice } from '../src/model/guest-terms.ts';
import type { Report } from '../src/model/report.ts';
import { type PrepareRequest, prepare, prepareAgain } from '../src/prepare.ts';
import { inspected } from './assess/guest/sample.ts';
import { fleetVm } from './bench/fleet.ts';
import { connectionOf, requestFor } from './bench/fleet-run.ts';

const FAILS: GuestInspector = async () => {
  throw new MigrationError('tool-missing', 'guestfish is not here.', { hint: 'Install libguestfs-tools.' });
};
const SKIP: GuestChoice = { conversion: { policy: 'skip' } };
const context = { clock: { now: () => 0, sleep: async () => {} }, signal: new AbortController().signal };
const source = connectionOf(2, fleetVm);

function asked(inspect: GuestInspector): PrepareRequest {
  const one = fleetVm(1).name;
  const guests = { others: { conversion: { policy: 'convert' } }, byVm: new Map([[one, SKIP]]) } as const;
  return { ...requestFor({ entries: [] }, { entries: [] }), guests, inspect };
}

function concernsOf(report: Report): readonly string[] {
  return report.vms.flatMap(({ concerns }) => concerns.map(({ id }) => id)).filter((id) => id.startsWith('guest-'));
}

test('each guest is looked into with what is asked for it, and what was found is judged and kept', async () => {
  const seen: (string | undefined)[] = [];
  const lacks = inspected({ drivers: { kernels: [{ version: '5.10', virtio: false }] }, tools: ['open-vm-tools'] });
  const report = await prepare(
    source,
    asked(async (_vm, guest) => {
      seen.push(guest.conversion?.policy);
      return lacks;
    }),
    context,
  );
  assert.deepEqual(seen, ['convert', 'skip']);
  assert.deepEqual(
    report.vms.map(({ inspection }) => inspection),
    [lacks, lacks],
  );
  assert.ok(concernsOf(report).includes('guest-not-ready'));
});

test('a look that fails is a concern, and one that cannot be taken is none', async () => {
  const failed = await prepare(source, asked(FAILS), context);
  const [concern] = failed.vms[0]?.concerns.filter(({ id }) => id === 'guest-unseen') ?? [];
  assert.equal(concern?.assessment, 'guestfish is not here. Install libguestfs-tools.');
  const without = await prepare(
    source,
    asked(async () => undefined),
    context,
  );
  assert.ok(!concernsOf(without).includes('guest-unseen'));
});

test('a bug in it stays a bug, and an end is an end', async () => {
  const broken: GuestInspector = async () => {
    throw new TypeError('broken');
  };
  await assert.rejects(prepare(source, asked(broken), context), TypeError);
  await assert.rejects(prepare(source, asked(FAILS), { ...context, signal: AbortSignal.abort() }));
});

test('a VM that is planned again is looked into again: its devices do not change on the way', async () => {
  const request = asked(async () => inspected());
  const [entry] = (await prepare(source, request, context)).vms;
  assert.ok(entry !== undefined);
  const again = await prepareAgain(source, entry.plan, request, context);
  assert.deepEqual(again.inspection, entry.inspection);
  assert.deepEqual(again.plan.mapping.manifests, entry.plan.mapping.manifests);
});
