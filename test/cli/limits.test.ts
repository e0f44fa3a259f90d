import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { followLimits, type LimitFlags, type Limits, readLimits } from '../../src/cli/limit-options.ts';
import { kubeferry } from './session.ts';

const SCRATCH = await mkdtemp(path.join(os.tmpdir(), 'kubeferry-limits-'));
after(() => rm(SCRATCH, { recursive: true, force: true }));

const FLAGS: LimitFlags = { parallelDisks: 2 };
let made = 0;

async function fileOf(text: string): Promise<string> {
  made += 1;
  const file = path.join(SCRATCH, `limits-${made}.yaml`);
  await writeFile(file, text);
  return file;
}

test('options alone are what counts without a file', async () => {
  assert.deepEqual(await readLimits({ ...FLAGS, parallelPerHost: 3, parallelPerTarget: 1, bandwidth: 5e7 }), {
    queue: { perPlan: 2, perHost: 3, perTarget: 1 },
    bandwidth: 5e7,
  });
});

test('a calendar is given as text or as a file', async () => {
  const text = 'Mon-Fri 08-18 = 50 MB/s, in Europe/Berlin';
  const byText = await readLimits({ ...FLAGS, bandwidthCalendar: text });
  assert.deepEqual(await readLimits({ ...FLAGS, bandwidthCalendar: await fileOf(`# office\n${text}\n`) }), byText);
  await assert.rejects(readLimits({ ...FLAGS, bandwidthCalendar: 'Mon = fast' }), { code: 'config-invalid' });
  await assert.rejects(readLimits({ ...FLAGS, bandwidthCalendar: path.join(SCRATCH, 'none') }), { code: 'config-invalid' });
});

test('the limits file goes before the options, one by one, and may lift a bandwidth', async () => {
  const limits = await fileOf('parallel-disks: 8\nparallel-per-datastore: 1\nparallel-per-target: 5\nbandwidth: unlimited\n');
  assert.deepEqual(await readLimits({ ...FLAGS, parallelPerHost: 3, bandwidth: 5e7, limits }), {
    queue: { perPlan: 8, perHost: 3, perDatastore: 1, perTarget: 5 },
    bandwidth: undefined,
  });
  assert.equal((await readLimits({ ...FLAGS, bandwidth: 5e7, limits: await fileOf('') })).bandwidth, 5e7);
});

test('every mistake of a limits file is told at once, and the command ends before anything is written', async () => {
  const limits = await fileOf('parallel-disks: 0\nbandwidth: fast\nbandwith: 5 MB\nbandwidth-calendar: Mon = 5 MB\n');
  await assert.rejects(readLimits({ ...FLAGS, limits }), ({ message }: Error) => {
    for (const wrong of ['parallel-disks', 'bandwidth: no rate', 'bandwith', 'time zone'])
      assert.ok(message.includes(wrong), message);
    return true;
  });
  await assert.rejects(readLimits({ ...FLAGS, limits: await fileOf('a: [') }), { code: 'config-invalid' });
  const { code, err } = await kubeferry([
    'migrate',
    '--guest',
    'none',
    path.join(SCRATCH, 'none.ova'),
    '--to',
    SCRATCH,
    '--limits',
    limits,
  ]);
  assert.equal(code, 2);
  assert.match(err, /The limits are wrong/, 'before the source is looked at');
});

test('bandwidth and its calendar exclude each other', async () => {
  const { code, err } = await kubeferry([
    'migrate',
    '--guest',
    'none',
    'x.ova',
    '--to',
    'x',
    '--bandwidth',
    '5MB',
    '--bandwidth-calendar',
    'x',
  ]);
  assert.equal(code, 2);
  assert.match(err, /cannot be used with option/);
  const both = await fileOf('bandwidth: 5 MB\nbandwidth-calendar: Mon = 5 MB, in UTC\n');
  await assert.rejects(readLimits({ ...FLAGS, limits: both }), /either bandwidth or bandwidth-calendar/);
});

test('a limits file that changes is followed, also when it is put in place of the old one; mistakes change nothing', async () => {
  const limits = await fileOf('bandwidth: 5 MB\n');
  const flags = { ...FLAGS, limits };
  const applied: Limits[] = [];
  let told = Promise.withResolvers<string>();
  const next = async (): Promise<string> => {
    const text = await told.promise;
    told = Promise.withResolvers();
    return text;
  };
  await using _ = followLimits(flags, await readLimits(flags), {
    apply: (changed) => applied.push(changed),
    tell: (text) => told.resolve(text),
  });
  await rename(await fileOf('bandwidth: 7 MB\nparallel-disks: 3\n'), limits);
  assert.equal(await next(), 'The limits were changed.');
  assert.deepEqual(applied, [{ queue: { perPlan: 3 }, bandwidth: 7e6 }]);
  await rename(await fileOf('bandwidth: 7 parsecs\n'), limits);
  assert.match(await next(), /^The limits stay as they are: .*no rate/);
  assert.equal(applied.length, 1);
  const quiet = await fileOf('a neighbour that is written beside it tells nothing');
  await rename(await fileOf('bandwidth: 7 MB\nparallel-disks: 4\n'), limits);
  assert.equal(await next(), 'The limits were changed.');
  await rm(quiet);
  await rm(limits);
  assert.match(await next(), /^The limits stay as they are: The file cannot be read/);
});
