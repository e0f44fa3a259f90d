import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { PackedOutcome, WorkerOrder } from '../contracts/worker-order.ts';
import type { GuestOutcome } from '../model/conversion.ts';
import { WORKER_PATHS } from '../model/worker-paths.ts';
import { Figures } from './figures.ts';
import type { Services } from './services.ts';

/** What a last word has room for, as base64, beside what is around it. */
const ROOM = 3800;

/** Converts the guest on the mounted disks, or looks whether it needs no conversion. */
export async function convert(
  { request, policy, accelerator }: Extract<WorkerOrder, { readonly kind: 'convert' }>,
  services: Services,
  signal: AbortSignal,
): Promise<PackedOutcome> {
  const figures = new Figures(services);
  // What an earlier try did to another copy, perhaps of other disks, is nobody's business.
  const workspace = `${WORKER_PATHS.conversion}/${hash('sha256', request.copy, 'hex').slice(0, 16)}`;
  const outcome = await services.convertGuest(request, policy, {
    ...{ workspace, keys: WORKER_PATHS.keys, accelerator, signal },
    onProgress: ({ text }) => figures.tell({ guest: text }),
  });
  const { changes, warnings } = outcome;
  // Only the log has room for all of them, whatever there is.
  for (const { what, file } of changes) services.log.info({ file }, what);
  for (const warning of warnings) services.log.warn({}, warning);
  return { outcome: packed(outcome) };
}

/** The whole outcome, or one with fewer changes and warnings until it has room; it says how many are left out. */
export function packed(outcome: GuestOutcome): string {
  for (let most = Math.max(outcome.changes.length, outcome.warnings.length); ; most = Math.floor(most / 2)) {
    const text = gzipSync(JSON.stringify(cut(outcome, most))).toString('base64');
    if (text.length <= ROOM || most === 0) return text;
  }
}

function cut(outcome: GuestOutcome, most: number): GuestOutcome {
  const changes = outcome.changes.length - most;
  const warnings = outcome.warnings.length - most;
  const what = `And ${changes} more, which are in the log of the worker.`;
  return {
    ...outcome,
    ...(changes > 0 && { changes: [...outcome.changes.slice(0, most), { subject: 'system', what }] }),
    ...(warnings > 0 && { warnings: [...outcome.warnings.slice(0, most), `And ${warnings} more warnings.`] }),
  };
}
