/** One transfer in a process of its own, to be killed: `COPY_JOB` is the job, `COPY_CA` the authority of its server. */
import type { TransferJob } from '../../src/model/transfer.ts';
import { copy } from './fixture.ts';
import { accessTo } from './transports/range/fixture.ts';

const job: TransferJob = JSON.parse(process.env['COPY_JOB'] ?? '');
await copy(job, { access: accessTo({ trust: { ca: process.env['COPY_CA'] ?? '' } }) });
