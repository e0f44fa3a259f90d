import type { Connection } from '../contracts/provider.ts';
import type { ServerSource, WorkerOrder, WorkerRecord } from '../contracts/worker-order.ts';
import { MigrationError } from '../model/errors.ts';
import type { TransferProgress } from '../model/transfer.ts';
import { WORKER_PATHS } from '../model/worker-paths.ts';
import type { Services } from './services.ts';

/** Milliseconds between two figures. */
const FIGURES_EVERY = 3000;

/** Brings one disk to its target. @returns its TransferResult as JSON */
export async function transfer(
  { job, server }: Extract<WorkerOrder, { readonly kind: 'transfer' }>,
  record: WorkerRecord,
  services: Services,
  signal: AbortSignal,
): Promise<string> {
  const copier = services.copier();
  await copier.preflight([job], signal);
  await using connection = server === undefined ? undefined : await logIn(server, services, signal);
  const access = connection?.access;
  const figures = new Figures(record, services, signal);
  try {
    const onProgress = (progress: TransferProgress): void => figures.tell(progress);
    const result = await copier.copy(job, { signal, onProgress, ...(access !== undefined && { access }) });
    services.log.info({ job: job.id, transport: result.transport, moved: result.moved }, 'disk is complete');
    return JSON.stringify(result);
  } finally {
    await figures.settled();
  }
}

async function logIn({ url, insecure, transport }: ServerSource, services: Services, signal: AbortSignal): Promise<Connection> {
  const [user, password, ca, thumbprint] = await Promise.all(
    ['user', 'password', 'ca.crt', 'thumbprint'].map(async (name) => {
      // Editors and `echo` end files with a line end.
      return (await services.read(`${WORKER_PATHS.login}/${name}`))?.replace(/\r?\n$/, '');
    }),
  );
  if (user === undefined || password === undefined)
    throw new MigrationError('credentials-missing', 'The Secret of the provider holds no user, or no password.');
  return await services.connect(url, {
    signal,
    credentials: () => Promise.resolve({ user, password }),
    trust: { ...(ca !== undefined && { ca }), ...(thumbprint !== undefined && { thumbprint }), ...(insecure && { insecure }) },
    ...(transport !== 'auto' && { transport }),
  });
}

/** Writes the latest figures now and then; what cannot be written is left out, because later ones follow. */
class Figures {
  readonly #record: WorkerRecord;
  readonly #services: Services;
  readonly #signal: AbortSignal;
  #writing: Promise<void> = Promise.resolve();
  #writtenAt = 0;

  constructor(record: WorkerRecord, services: Services, signal: AbortSignal) {
    this.#record = record;
    this.#services = services;
    this.#signal = signal;
  }

  tell(progress: TransferProgress): void {
    const now = this.#services.clock.now();
    if (now - this.#writtenAt < FIGURES_EVERY) return;
    this.#writtenAt = now;
    this.#writing = this.#writing
      .then(() => this.#record.put({ progress: JSON.stringify(progress) }, this.#signal))
      .catch((error: unknown) => this.#services.log.warn({ cause: String(error) }, 'progress could not be written'));
  }

  async settled(): Promise<void> {
    await this.#writing;
  }
}
