/** Exports with all the columns that RVTools writes are streamed: their size is not what is held. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { writeLargeExport } from './large-export.ts';

/** Worksheet XML that one VM takes in this export, measured: 20,000 VMs inflate to 431 MB. */
const SHEET_BYTES_PER_VM = 21_500;
const SMALL = 2_000;
const LARGE = 10_000;

const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-rvtools-'));
after(() => rm(folder, { recursive: true }));

test('memory grows by a small part of what the sheets of a larger fleet hold', async (context) => {
  const small = await readFleet(SMALL);
  const large = await readFleet(LARGE);
  context.diagnostic(
    `${LARGE} VMs: ${large.cpuSeconds} s of CPU, at most ${Math.round(large.peakMiB)} MiB; ${SMALL}: ${Math.round(small.peakMiB)} MiB`,
  );
  const sheets = ((LARGE - SMALL) * SHEET_BYTES_PER_VM) / 2 ** 20;
  assert.ok(large.peakMiB - small.peakMiB < sheets / 2, `${small.peakMiB} → ${large.peakMiB} MiB for ${sheets} MiB of sheets`);
});

async function readFleet(vms: number): Promise<{ readonly peakMiB: number; readonly cpuSeconds: number }> {
  const file = path.join(folder, `fleet-${vms}.xlsx`);
  await writeLargeExport(file, vms);
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'count-vms.ts'), file]);
  const result = JSON.parse(stdout);
  assert.deepEqual({ vms: result.vms, disks: result.disks, nics: result.nics }, { vms, disks: 2 * vms, nics: vms });
  return result;
}
