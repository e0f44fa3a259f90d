/**
 * One disk from a share by the engine, or by the transport alone, in a process of its own: `node smb-run.ts`, with a SmbRun as JSON in
 * KUBEFERRY_BENCH_SMB.
 */
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import type { Extent } from '../../src/model/transfer.ts';
import { eachOf } from '../../src/transfer/lanes.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import type { DiskReader } from '../../src/transfer/transports/reader.ts';
import { openShared } from '../../src/transfer/transports/smb/open-shared.ts';
import { accessTo, type Server, sharedSource } from '../transfer/transports/smb/fixture.ts';

export interface SmbRun extends Server {
  /** VHDX below the share. */
  readonly name: string;
  readonly capacity: number;
  readonly target: string;
  /** `plain`: the bytes are read and written, and nothing else is done with them, as smbclient does. */
  readonly how: 'plain' | 'engine' | 'proven';
}

const { signal } = new AbortController();
/** Not the one of wire.ts, which would load every provider with it. */
const clock: Clock = { now: () => Date.now(), sleep: (milliseconds, until) => sleep(milliseconds, undefined, { signal: until }) };

async function* pieces(reader: DiskReader): AsyncGenerator<Extent, undefined> {
  const { largestRead } = reader;
  for await (const { offset, length } of reader.allocated(signal)) {
    for (let at = 0; at < length; at += largestRead) yield { offset: offset + at, length: Math.min(largestRead, length - at) };
  }
  return undefined;
}

if (import.meta.main) {
  const run: SmbRun = JSON.parse(process.env['KUBEFERRY_BENCH_SMB'] ?? '');
  const source = sharedSource(run.port, { names: [run.name], capacity: run.capacity });
  const access = accessTo(run);
  if (run.how === 'plain') {
    await using reader = await openShared(source, access, { signal, clock });
    const { lanes, largestRead } = reader;
    await using output = await open(run.target, 'w');
    await output.truncate(reader.size);
    const buffers = Array.from({ length: lanes }, () => new Uint8Array(largestRead));
    await eachOf(pieces(reader), lanes, async ({ offset, length }, lane) => {
      const bytes = buffers[lane]?.subarray(0, length) ?? new Uint8Array(length);
      await reader.read(offset, bytes, signal);
      await output.write(bytes, 0, length, offset);
    });
  } else {
    const target = { kind: 'raw-file', path: run.target } as const;
    const job = { id: 'bench/disk', vm: 'bench', disk: 'disk', source, target, verify: run.how === 'proven' };
    await new LocalDiskCopier({ clock }).copy(job, { signal, onProgress: () => undefined, access });
  }
}
