import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Display } from '../../../src/cli/progress/display.ts';
import { JsonLines } from '../../../src/cli/progress/json-lines.ts';
import { Lines } from '../../../src/cli/progress/lines.ts';
import type { Outlook } from '../../../src/model/precopy.ts';
import { VirtualClock } from '../../fakes/virtual-clock.ts';
import { fakePlan } from '../../fakes/vm.ts';

const NOW = new Date(2030, 0, 5, 12).getTime();
const today = (hour: number): string => new Date(2030, 0, 5, hour, 5).toISOString();
const OUTLOOK: Outlook = { next: 'precopy', at: today(14), because: 'the plan fixes the interval', cutoverAt: today(22) };
const PASS = { number: 2, checkpointAt: today(11), bytes: 12 * 2 ** 20, copySeconds: 1.25, snapshotSeconds: 1, changeRate: 4096 };

function tell(display: Display): void {
  display.passed(fakePlan(), PASS);
  display.passed(fakePlan(), { ...PASS, compared: { bytes: 5, because: 'the source has lost count' } });
  display.waits(fakePlan(), OUTLOOK);
}

test('a pass and a wait are a line each, in the time of this machine', () => {
  const texts: string[] = [];
  tell(new Lines({ out: () => undefined, err: (text) => void texts.push(text), live: false }, new VirtualClock(NOW)));
  assert.deepEqual(texts.join('').trimEnd().split('\n'), [
    'web: pass 2, 12.0 MiB in 1.3 s, 4.00 KiB/s changed',
    'web: pass 2, 12.0 MiB in 1.3 s, 4.00 KiB/s changed, compared as a whole: the source has lost count',
    'web: next precopy 14:05 (the plan fixes the interval), cutover 22:05',
  ]);
});

test('programs get them as they are', () => {
  const lines: string[] = [];
  tell(new JsonLines((line) => void lines.push(line), new VirtualClock(NOW)));
  const at = new Date(NOW).toISOString();
  const about = { at, vm: 'web', target: 'web' };
  const { changeRate, ...pass } = PASS;
  const [first, , last] = lines.map((line) => JSON.parse(line));
  assert.deepEqual(first, { ...about, event: 'pass', pass, changeRate });
  assert.deepEqual(last, { ...about, event: 'waits', outlook: OUTLOOK });
});
