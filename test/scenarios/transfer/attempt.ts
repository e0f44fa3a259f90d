/** One call of the engine, told by plain data: made here or in a process that may be killed. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { SourceAccess } from '../../../src/contracts/source-access.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Extent, TransferJob, TransferProgress, TransferResult } from '../../../src/model/transfer.ts';
import { LocalDiskCopier } from '../../../src/transfer/local-copier.ts';
import { hurriedClock } from '../../transfer/transports/range/fixture.ts';

export interface Attempt {
  readonly job: TransferJob;
  /** Of the file server, with its certificate. */
  readonly server?: { readonly url: string; readonly ca: string };
  readonly allocated: readonly Extent[];
  readonly changed: readonly Extent[];
  readonly vddk?: { readonly libraryFolder: string; readonly user: string; readonly password: string };
  /** Of silence, in milliseconds. */
  readonly patience: number;
  /** A byte of the target that becomes wrong when all was copied. */
  readonly flip?: { readonly file: string; readonly offset: number; readonly value: number };
}

export type Outcome =
  | { readonly kind: 'done'; readonly result: TransferResult; readonly flipped: boolean }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly flipped: boolean }
  /** An error that is none of ours. */
  | { readonly kind: 'bug'; readonly message: string };

const HURRY = 20;

/** Work is made durable every two seconds by this clock; a small disk is copied in less. */
export function hurryCommits(): void {
  const now = performance.now.bind(performance);
  performance.now = () => now() * HURRY;
}

export async function perform(attempt: Attempt, signal: AbortSignal): Promise<Outcome> {
  const { job, vddk, patience, flip } = attempt;
  const copier = new LocalDiskCopier({
    clock: hurriedClock,
    patience,
    ...(vddk !== undefined && { vddk: { libraryFolder: vddk.libraryFolder } }),
  });
  let [flipped, proving] = [false, false];
  const onProgress = ({ stage, done, total }: TransferProgress): void => {
    proving ||= stage === 'prove';
    // All bytes may be there before all zeros are: what is written now may be overwritten, and comes again at the very end.
    if (flip === undefined || proving || done < total) return;
    flipped = true;
    spoil(flip);
  };
  const exports: string[] = [];
  try {
    const result = await copier.copy(job, { signal, onProgress, access: accessOf(attempt, exports) });
    checkExports(exports, true);
    return { kind: 'done', result, flipped };
  } catch (error) {
    if (error instanceof MigrationError) checkExports(exports, false);
    if (error instanceof MigrationError) return { kind: 'failed', code: error.code, message: error.message, flipped };
    return { kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function checkExports(told: readonly string[], complete: boolean): void {
  const right = told.length === 0 || (told.at(-1) === 'end' && (!complete || told.includes('complete')));
  if (!right) throw new Error(`The lease was told: ${told.join(', ')}`);
}

function accessOf({ server, allocated, changed, vddk }: Attempt, exports: string[]): SourceAccess {
  let cookies = 0;
  const { user = '', password = '' } = vddk ?? {};
  return {
    headers: async (_url, _signal, refused) => {
      if (refused !== undefined || cookies === 0) cookies += 1;
      return { cookie: `session=${process.pid}-${cookies}` };
    },
    trust: () => (server === undefined ? {} : { ca: server.ca }),
    changes: {
      enable: async () => ({ tracked: [], untracked: [] }),
      async *changed({ since }) {
        yield* since === 'allocated' ? allocated : changed;
      },
    },
    openExport: async () => ({
      url: server?.url ?? '',
      trust: server === undefined ? {} : { ca: server.ca },
      progress: () => undefined,
      complete: async () => void exports.push('complete'),
      [Symbol.asyncDispose]: async () => void exports.push('end'),
    }),
    credentials: async () => ({ user, password }),
  };
}

/** As a disk that keeps a wrong byte would. */
function spoil({ file, offset, value }: NonNullable<Attempt['flip']>): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Buffer.of(value), 0, 1, offset);
  closeSync(descriptor);
}
