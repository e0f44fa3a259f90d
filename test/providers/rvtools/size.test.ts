/** An export of 20,000 VMs with all the columns that RVTools writes is streamed: its size is not what is held. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeLargeExport } from './large-export.ts';

const VMS = 20_000;

const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
after(() => rm(folder, { recursive: true }));

test('20,000 VMs are read with memory that stays far below the size of the sheets', async (context) => {
  const file = path.join(folder, 'fleet.xlsx');
  await writeLargeExport(file, VMS);
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'count-vms.ts'), file]);
  const result: unknown = JSON.parse(stdout);
  assert.ok(result !== null && typeof result === 'object');
  const { vms, disks, nics, cpuSeconds, peakMiB } = result as Record<string, number>;
  assert.deepEqual({ vms, disks, nics }, { vms: VMS, disks: 2 * VMS, nics: VMS });
  const { size } = await stat(file);
  context.diagnostic(
    `${VMS} VMs in ${Math.round(size / 2 ** 20)} MiB: ${cpuSeconds} s of CPU, at most ${Math.round(peakMiB ?? 0)} MiB`,
  );
  assert.ok((peakMiB ?? Number.POSITIVE_INFINITY) < 512, `${peakMiB} MiB at most`);
});
