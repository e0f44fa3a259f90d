import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../src/model/vm.ts';
import { mapSmall } from './map-small.ts';

function clockOf(clock: Clock): unknown {
  return mapSmall({ clock }).domain.clock;
}

test('UTC, a time zone and a fixed offset are kept', () => {
  assert.deepEqual(clockOf({ rtc: 'utc' }), { utc: {} });
  assert.deepEqual(clockOf({ rtc: 'Europe/Berlin' }), { timezone: 'Europe/Berlin' });
  assert.deepEqual(clockOf({ rtc: '+02:00' }), { utc: { offsetSeconds: 7200 } });
  assert.deepEqual(clockOf({ rtc: 'UTC-3:30' }), { utc: { offsetSeconds: -12_600 } });
});

test('an unknown clock and an invalid zone become UTC', () => {
  assert.deepEqual(clockOf({}), { utc: {} });
  const { domain, decisionOn } = mapSmall({ clock: { rtc: 'Mars/Olympus' } });
  assert.deepEqual(domain.clock, { utc: {} });
  assert.equal(decisionOn('clock.rtc').outcome, 'changed');
});

test('Windows gets its timers and enlightenments; Linux, and Windows before Vista, get no enlightenments', () => {
  const windows = mapSmall({ guest: { osId: 'windows2019srv-64' } });
  assert.deepEqual(windows.domain.clock?.timer, {
    hpet: { present: false },
    pit: { tickPolicy: 'delay' },
    rtc: { tickPolicy: 'catchup' },
    hyperv: {},
  });
  assert.deepEqual(windows.domain.features.hyperv?.spinlocks, { spinlocks: 8191 });
  const linux = mapSmall({ guest: { osId: 'rhel8-64' } });
  assert.deepEqual([linux.domain.clock?.timer, linux.domain.features.hyperv], [undefined, undefined]);
  const xp = mapSmall({ guest: { osId: 'winXPPro' } });
  assert.deepEqual([xp.domain.features.hyperv, xp.domain.clock], [undefined, { utc: {} }]);
  assert.equal(xp.machine.spec.template.metadata?.annotations?.['kubevirt.io/disablePCIHole64'], 'true');
});
