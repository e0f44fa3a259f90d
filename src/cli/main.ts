/** The command line's entry: wires, runs, sets the exit code. The only reader of argv. */
import { once } from 'node:events';
import path from 'node:path';
import {
  accelerator,
  checkGuestTools,
  checkVddk,
  connect,
  createBandwidth,
  createCopier,
  createLog,
  createQueue,
  diagnose,
  FileHasher,
  FolderDisks,
  inspectImages,
  makeOverlay,
  openFolder,
  openLooks,
  openMigration,
  openPlans,
  openTests,
  readFacts,
  readVersion,
  systemClock,
  tryGuest,
} from '../wire.ts';
import { askOnTerminal } from './credentials.ts';
import { run } from './run.ts';
import type { Services, Size } from './services.ts';

/** Undefined where nothing can be redrawn. */
function sizeOf({ isTTY, columns, rows }: NodeJS.WriteStream): Size | undefined {
  return isTTY && process.env['TERM'] !== 'dumb' ? { columns, rows } : undefined;
}

const log = createLog('silent');

const services: Services = {
  clock: systemClock,
  log,
  version: await readVersion(),
  ...(path.basename(process.argv[1] ?? '') === 'kubectl-kubeferry' && { program: 'kubectl kubeferry' }),
  connect,
  diagnose,
  checkVddk,
  checkGuestTools,
  accelerator,
  inspectImages,
  readFacts,
  openPlans,
  openLooks,
  credentials: { environment: process.env, ...askOnTerminal(process.stdin, process.stderr) },
  openFolder,
  openMigration,
  openTests,
  tryGuest,
  makeOverlay,
  copier: createCopier,
  bandwidth: createBandwidth,
  queue: createQueue,
  keptDisks: (folder) => new FolderDisks(folder),
  hasher: () => new FileHasher(),
};

const abort = new AbortController();

// The first signal ends the migration in order; a second one, for whoever cannot wait, ends the process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  });
}

// A reader that closes early (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));

process.exitCode = await run(
  process.argv.slice(2),
  services,
  {
    out: (text) => void process.stdout.write(text),
    drained: async () => void (process.stdout.writableNeedDrain && (await once(process.stdout, 'drain'))),
    err: (text) => void process.stderr.write(text),
    live: process.stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    size: (stream) => sizeOf(stream === 'out' ? process.stdout : process.stderr),
  },
  abort.signal,
);
