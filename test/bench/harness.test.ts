import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MiB } from '../../src/model/units.ts';
import { writeServerDisk } from './disk-image.ts';
import { peakUse } from './disk-use.ts';
import { type Case, interleave, median } from './measure.ts';
import { renderResult } from './result.ts';

describe('the bench', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-harness-'));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('takes the middle value, and the mean of two', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  it('runs the cases in turn, every other round in reverse, and keeps each lap', async () => {
    const order: string[] = [];
    function idle(name: string): Case {
      return {
        prepare: async () => void order.push(name),
        commands: [
          { program: process.execPath, args: ['--version'], lap: `${name}, half` },
          { program: process.execPath, args: ['--version'], lap: name },
        ],
      };
    }
    const timings = await interleave([idle('one'), idle('two')], 2, () => {});
    assert.deepEqual(order, ['one', 'two', 'two', 'one']);
    assert.deepEqual([...timings.keys()], ['one, half', 'one', 'two, half', 'two']);
    const [half = 0] = timings.get('one, half') ?? [];
    const [whole = 0] = timings.get('one') ?? [];
    assert.ok(half > 0 && whole > half);
  });

  it('tells the CPU time of a program apart from how long it took', async () => {
    const busy = 'for (const end = performance.now() + 300; performance.now() < end; );';
    const args = ['-e', `${busy} setTimeout(() => {}, 500)`];
    const one: Case = { prepare: async () => {}, commands: [{ program: process.execPath, args, lap: 'wall', cpuLap: 'cpu' }] };
    const timings = await interleave([one], 1, () => {});
    const [wall = 0] = timings.get('wall') ?? [];
    const [cpu = 0] = timings.get('cpu') ?? [];
    assert.ok(cpu > 0.02 && cpu < wall - 0.3, `${cpu} of ${wall}`);
  });

  it('fails with what a program said', async () => {
    const failing: Case = {
      prepare: async () => {},
      commands: [{ program: process.execPath, args: ['-e', 'console.error("no luck"); process.exit(1)'], lap: 'x' }],
    };
    await assert.rejects(
      interleave([failing], 1, () => {}),
      /no luck/,
    );
  });

  it('sees the peak of what lies beside the largest file', async () => {
    await writeFile(path.join(folder, 'output'), Buffer.alloc(4 * MiB, 1));
    await writeFile(path.join(folder, 'beside'), Buffer.alloc(MiB, 1), { flush: true });
    const { largest, others: peak } = await peakUse([folder, path.join(folder, 'missing')], Promise.resolve());
    assert.ok(largest >= 4 * MiB);
    assert.ok(peak >= MiB && peak < 2 * MiB);
  });

  it('writes a sparse disk with the same data at every run', async () => {
    const disk = path.join(folder, 'server.raw');
    const data = await writeServerDisk(disk, 256 * MiB);
    const { size, blocks } = await stat(disk);
    assert.equal(size, 256 * MiB);
    assert.ok(blocks * 512 < size);
    assert.equal(data, 136_888_320);
  });

  it('says of each goal whether it was reached', () => {
    const text = renderResult({
      title: 'Something',
      timings: new Map([['one', [1, 3, 2]]]),
      reaches: [
        { what: 'good', value: '0.50', goal: 'below 1', reached: true },
        { what: 'bad', value: '2.00', goal: 'below 1', reached: false },
      ],
    });
    assert.match(text, /\| one +\| 2\.00 +\| 1\.00 – 3\.00/);
    assert.match(text, /\| good .*\| reached +\|/);
    assert.match(text, /\| bad .*\| NOT REACHED \|/);
  });
});
