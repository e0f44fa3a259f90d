/** Exports with all the columns that RVTools writes are streamed: their size is not what is held. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeLargeExport } from './large-export.ts';

/** Their worksheets inflate to about 215 MB. */
const VMS = 10_000;
/** Megabytes. A reader that kept the sheets, or the VMs, would die in it. */
const HEAP = 160;

const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
after(() => rm(folder, { recursive: true }));

test(`${VMS} VMs are read within a heap of ${HEAP} MB`, async (context) => {
  const file = path.join(folder, 'fleet.xlsx');
  await writeLargeExport(file, VMS);
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP}`,
    path.join(import.meta.dirname, 'count-vms.ts'),
    file,
  ]);
  const { vms, disks, nics, cpuSeconds, peakMiB } = JSON.parse(stdout);
  assert.deepEqual({ vms, disks, nics }, { vms: VMS, disks: 2 * VMS, nics: VMS });
  context.diagnostic(`${cpuSeconds} s of CPU, at most ${Math.round(peakMiB)} MiB in memory`);
});
