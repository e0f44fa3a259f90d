/** One transfer from a share in a process of its own, slow enough to be killed: `COPY_JOB` is the job, `COPY_LOGIN` who logs in. */
import { setTimeout as delay } from 'node:timers/promises';
import type { TransferJob } from '../../../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../../../src/transfer/local-copier.ts';
import { clock, MiB } from '../../fixture.ts';
import { live } from '../range/fixture.ts';
import { accessTo } from './fixture.ts';

const MS_PER_MIB = 100;

let turn = Promise.resolve();
const bandwidth = {
  take: (bytes: number): Promise<void> => {
    turn = turn.then(() => delay((bytes / MiB) * MS_PER_MIB));
    return turn;
  },
};
const job: TransferJob = JSON.parse(process.env['COPY_JOB'] ?? '');
const access = accessTo(JSON.parse(process.env['COPY_LOGIN'] ?? ''));
await new LocalDiskCopier({ clock, bandwidth }).copy(job, { signal: live(), onProgress: () => undefined, access });
