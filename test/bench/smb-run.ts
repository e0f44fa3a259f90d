/**
 * One disk from a share by the engine, or by the transport alone, in a process of its own: `node smb-run.ts`, with a SmbRun as JSON in
 * KUBEFERRY_BENCH_SMB.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/contracts/clock.ts';
import { LocalDiskCopier } from '../../src/transfer/local-copier.ts';
import { openShared } from '../../src/transfer/transports/smb/open-shared.ts';
import { accessTo, type Server, sharedSource } from '../transfer/transports/smb/fixture.ts';
import { bareCopy } from './bare-copy.ts';

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

if (import.meta.main) {
  const run: SmbRun = JSON.parse(process.env['KUBEFERRY_BENCH_SMB'] ?? '');
  const source = sharedSource(run.port, { names: [run.name], capacity: run.capacity });
  const access = accessTo(run);
  if (run.how === 'plain') {
    await using reader = await openShared(source, access, { signal, clock });
    await bareCopy(reader, run.target, signal);
  } else {
    const target = { kind: 'raw-file', path: run.target } as const;
    const job = { id: 'bench/disk', vm: 'bench', disk: 'disk', source, target, verify: run.how === 'proven' };
    await new LocalDiskCopier({ clock }).copy(job, { signal, onProgress: () => undefined, access });
  }
}
