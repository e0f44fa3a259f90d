import type { Connection } from '../contracts/provider.ts';
import type { ServerSource, WorkerOrder } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import type { TransferResult } from '../model/transfer.ts';
import { accessOptions, letsIn } from '../resources/provider-access.ts';
import { Figures } from './figures.ts';
import { readLogin } from './login.ts';
import type { Services } from './services.ts';

/** Brings one disk to its target. */
export async function transfer(
  { job, server, bandwidth = [] }: Extract<WorkerOrder, { readonly kind: 'transfer' }>,
  services: Services,
  signal: AbortSignal,
): Promise<TransferResult> {
  const copier = services.copier(bandwidth);
  // Whoever orders a copy has no use for what an earlier try left: its source may have run since.
  if (job.target.kind === 'raw-file') await services.removeFinished(job.target.path);
  await copier.preflight([job], signal);
  await using connection = server === undefined ? undefined : await logIn(server, services, signal);
  const access = connection?.access;
  const figures = new Figures(services);
  const onProgress = figures.tell.bind(figures);
  const result = await copier.copy(job, { signal, onProgress, ...(access !== undefined && { access }) });
  services.log.info({ job: job.id, transport: result.transport, moved: result.moved }, 'disk is complete');
  return result;
}

async function logIn(server: ServerSource, services: Services, signal: AbortSignal): Promise<Connection> {
  const login = await readLogin(services);
  if (!letsIn(login))
    throw new MigrationError('credentials-missing', 'The Secret of the provider holds no user, or no password.');
  return await services.connect(server.url, { signal, ...accessOptions(server, login) });
}
