/** What a worker left as its last word, or the cluster instead of it. */
import type { WorkerEnd } from '../../contracts/worker-order.ts';
import { ERROR_CODES, type ErrorCode } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/errors.ts';
import { at, textAt } from '../facts/json.ts';
import type { JobView, PodView } from './job-views.ts';

const NOT_SAID = { hint: 'Look at the log and the events of its Pods.' };

/** The result of the Pod that succeeded; undefined where it is gone, or did not say. */
export function resultOf(pods: readonly PodView[]): unknown {
  const message = pods.findLast(({ phase }) => phase === 'Succeeded')?.end?.message;
  return message === undefined ? undefined : at(parse(message), 'result');
}

/** Why a Job failed: the worker's own words, those of its last container, or those of the Job. */
export function failureOf(job: JobView, pods: readonly PodView[]): MigrationError {
  const last = pods.findLast(({ phase, end }) => phase === 'Failed' && end !== undefined);
  const { message = '', reason = '', code = 0 } = last?.end ?? {};
  const said = at(parse(message), 'failure');
  const known = textAt(said, 'code');
  if (known !== undefined && Object.hasOwn(ERROR_CODES, known))
    return new MigrationError(known as ErrorCode, textAt(said, 'message') ?? known, { hint: textAt(said, 'hint') ?? '' });
  const why = last === undefined ? `${job.ended?.reason}: ${job.ended?.message}` : `${reason}, exit code ${code}`;
  const tail = message.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
  return new MigrationError(
    'transfer-tool-failed',
    `The worker failed and did not say why: ${why}${tail && `; ${tail}`}`,
    NOT_SAID,
  );
}

function parse(text: string): Partial<WorkerEnd> | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
