/** The entry of a worker's container: carries out the mounted order and ends with an exit code that its Job understands. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Bandwidth } from '../contracts/bandwidth.ts';
import {
  askGuest,
  cloneDisk,
  connect,
  convertGuestHere,
  createBandwidth,
  createCopier,
  createLog,
  FileHasher,
  fetchFile,
  openRecord,
  ownCluster,
  removeFinished,
  systemClock,
} from '../wire.ts';
import { run } from './run.ts';

/** Each holds, one after the other. */
function allOf(all: readonly Bandwidth[]): Bandwidth {
  return {
    take: async (bytes, signal) => {
      for (const bandwidth of all) await bandwidth.take(bytes, signal);
    },
  };
}

const abort = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => abort.abort());

const read = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

process.exitCode = await run(
  {
    clock: systemClock,
    log: createLog('info'),
    connect,
    copier: (limits) => createCopier(allOf(limits.map(createBandwidth)), process.env['KUBEFERRY_VDDK_LIBDIR']),
    hasher: () => new FileHasher(),
    removeFinished,
    clone: cloneDisk,
    ask: askGuest,
    convertGuest: convertGuestHere,
    fetch: fetchFile,
    record: (ref) => openRecord(ref, ownCluster(process.env)),
    read,
    tell: (line) => process.stdout.write(`${line}\n`),
    // The file is there in every container; elsewhere nobody would read it.
    lastWord: async (text) => await writeFile('/dev/termination-log', text).catch(() => undefined),
  },
  abort.signal,
);
// Connections that are kept alive would hold the container.
process.exit();
