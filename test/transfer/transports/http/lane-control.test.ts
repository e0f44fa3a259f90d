/** The number of lanes against simulated servers: time is counted, nothing waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KiB, MiB } from '../../../../src/model/units.ts';
import { LaneControl } from '../../../../src/transfer/transports/http/lane-control.ts';

const READ = 4 * MiB;

interface Link {
  /** Milliseconds until the first byte of an answer. */
  readonly wait: number;
  /** Bytes a millisecond of one lane, and of all of them. */
  readonly lane: number;
  readonly all: number;
}

interface Simulation {
  readonly control: LaneControl;
  now: number;
  /** Reads that the caller has under way at most; as many as there are lanes when absent. */
  caller?: number;
}

/** Lets lanes read for so many milliseconds, in steps of one. Tells the fewest lanes there were. */
function simulate(simulation: Simulation, link: Link, milliseconds: number): number {
  const { control } = simulation;
  let fewest = control.limit;
  const lanes: { waited: number; left: number }[] = [];
  for (const end = simulation.now + milliseconds; simulation.now < end; simulation.now += 1) {
    fewest = Math.min(fewest, control.limit);
    while (lanes.length < Math.min(control.limit, simulation.caller ?? control.limit)) {
      control.began(simulation.now);
      lanes.push({ waited: 0, left: READ });
    }
    const share = Math.min(link.lane, link.all / lanes.filter(({ waited }) => waited >= link.wait).length);
    for (const lane of [...lanes]) {
      if (lane.waited < link.wait) {
        lane.waited += 1;
        if (lane.waited === link.wait) control.answered(link.wait);
        continue;
      }
      const bytes = Math.min(share, lane.left);
      control.received(simulation.now, bytes);
      lane.left -= bytes;
      if (lane.left > 0) continue;
      lanes.splice(lanes.indexOf(lane), 1);
      control.ended(simulation.now);
    }
  }
  for (const _ of lanes) control.ended(simulation.now);
  return fewest;
}

function start(most = 16): Simulation {
  return { control: new LaneControl({ first: 4, most }), now: 1_000 };
}

test('lanes grow quickly where each of them has its own cap', () => {
  const simulation = start();
  assert.equal(simulation.control.limit, 4);
  simulate(simulation, { wait: 5, lane: 60 * KiB, all: 10_000 * KiB }, 1_000);
  assert.equal(simulation.control.limit, 16);
});

test('lanes do not wait for slow answers to grow', () => {
  const simulation = start();
  simulate(simulation, { wait: 20, lane: 1 * KiB, all: 10_000 * KiB }, 2_500);
  assert.equal(simulation.control.limit, 16);
});

test('lanes stay few where a few fill the link, and go on trying', () => {
  const simulation = start(64);
  simulate(simulation, { wait: 5, lane: 200 * KiB, all: 400 * KiB }, 5_000);
  assert.ok(simulation.control.limit <= 13, `${simulation.control.limit} lanes`);
  simulate(simulation, { wait: 5, lane: 60 * KiB, all: 10_000 * KiB }, 30_000);
  assert.equal(simulation.control.limit, 64);
});

test('a caller that cannot keep up is no reason for more lanes', () => {
  const simulation = { ...start(), caller: 2 };
  simulate(simulation, { wait: 5, lane: 60 * KiB, all: 10_000 * KiB }, 3_000);
  assert.equal(simulation.control.limit, 4);
});

test('a refusal halves the lanes, and many at the same time count once', () => {
  const simulation = start();
  const link = { wait: 5, lane: 60 * KiB, all: 10_000 * KiB };
  simulate(simulation, link, 1_000);
  for (let lane = 0; lane < 16; lane += 1) simulation.control.refused(simulation.now);
  assert.equal(simulation.control.limit, 8);
  simulate(simulation, link, 10_000);
  assert.equal(simulation.control.limit, 8, 'they come back before the server had rest');
  simulate(simulation, link, 120_000);
  assert.ok(simulation.control.limit > 8, 'they never come back');
});

test('lanes become fewer when answers come late and bring less, once for each time that it gets worse', () => {
  const simulation = start();
  simulate(simulation, { wait: 5, lane: 60 * KiB, all: 10_000 * KiB }, 1_000);
  const overloaded: Link = { wait: 400, lane: 5 * KiB, all: 40 * KiB };
  assert.equal(simulate(simulation, overloaded, 8_000), 12);
  assert.ok(simulate(simulation, overloaded, 60_000) >= 9, 'they became fewer again and again');
});

test('there is always one lane, and never more than allowed', () => {
  const control = new LaneControl({ first: 8, most: 1 });
  assert.equal(control.limit, 1);
  for (let now = 10_000; now < 100_000; now += 5_000) control.refused(now);
  assert.equal(control.limit, 1);
});
