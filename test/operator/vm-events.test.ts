import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GuestOutcome } from '../../src/model/conversion.ts';
import type { VmProgress } from '../../src/model/plan.ts';
import { eventsOf } from '../../src/operator/vm-events.ts';

const SINCE = '2030-01-01T00:00:00Z';
const BEFORE: VmProgress = {
  ...{ vm: 'vm-1', targetName: 'web', type: 'cold', phase: 'Convert', since: SINCE, history: [], transfers: [] },
};
const OUTCOME: GuestOutcome = {
  ...{ policy: 'convert', copy: 'today', accelerator: 'kvm', converter: 'virt-v2v-in-place 2.2.0', guest: 'Debian 12' },
  ...{ changes: [], warnings: [], disks: [] },
  seconds: [
    { phase: 'convert', seconds: 30.2 },
    { phase: 'commit', seconds: 2 },
  ],
};

function told(conversion?: GuestOutcome, skipped?: string): readonly string[] {
  const record = { phase: 'Convert', startedAt: SINCE, endedAt: SINCE, ...(skipped !== undefined && { skipped }) } as const;
  const now: VmProgress = { ...BEFORE, phase: 'CreateVm', history: [record], ...(conversion && { conversion }) };
  return eventsOf(now, BEFORE).map(({ reason, note }) => `${reason}: ${note}`);
}

test('a conversion is told with what it ran by, and how long', () => {
  assert.deepEqual(told(OUTCOME), ['GuestConverted: Debian 12 was converted by virt-v2v-in-place 2.2.0: 32 s with KVM.']);
  const warned: GuestOutcome = { ...OUTCOME, accelerator: 'tcg', warnings: ['It is old.'] };
  assert.match(told(warned).join(), /32 s with emulation, without KVM\. Warnings: 1, in the status\.$/);
});

test('a guest that needs no conversion is told as such, and one that nobody looked into is not told', () => {
  const { converter: _, ...looked } = OUTCOME;
  assert.match(
    told({ ...looked, policy: 'skip' }).join(),
    /^GuestConverted: Debian 12 was looked into and needs no conversion: 32 s/,
  );
  assert.deepEqual(told(undefined, 'Nobody was asked to look into the guest.'), []);
});
