/** Runs the command line in this process with the real parts, and keeps what it prints. */

import { run } from '../../src/cli/run.ts';
import type { Services } from '../../src/cli/services.ts';
import {
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
  systemClock,
  tryGuest,
} from '../../src/wire.ts';

export interface Session {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Collects text. */
class Paper {
  text = '';

  readonly write = (more: string): void => {
    this.text += more;
  };
}

export async function kubeferry(
  args: readonly string[],
  options: {
    readonly signal?: AbortSignal;
    readonly services?: Partial<Services>;
    /** Called with every text that it prints, as soon as it does. */
    readonly onOut?: (text: string) => void;
  } = {},
): Promise<Session> {
  const out = new Paper();
  const err = new Paper();
  const services: Services = {
    clock: systemClock,
    log: createLog('silent', err),
    version: '0.0.0-test',
    connect,
    diagnose,
    checkVddk,
    inspectImages,
    accelerator: async () => 'tcg',
    // Looking for KVM takes seconds: who wants it hands it in.
    checkGuestTools: async function* () {},
    readFacts,
    openPlans,
    openLooks,
    credentials: { environment: {} },
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
    ...options.services,
  };
  const print = (text: string): void => {
    out.write(text);
    options.onOut?.(text);
  };
  const terminal = { out: print, err: err.write, live: false };
  const code = await run(args, services, terminal, options.signal ?? new AbortController().signal);
  return { code, out: out.text, err: err.text };
}
