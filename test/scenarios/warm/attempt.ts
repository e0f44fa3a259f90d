/** One process that migrates one VM warm to a folder, told by plain data: it may be killed at any moment, and the next one goes on. */
import { PROVIDERS } from '../../../providers/index.ts';
import type { Clock } from '../../../src/contracts/clock.ts';
import type { Credentials, Trust } from '../../../src/contracts/credentials.ts';
import type { PathMapping } from '../../../src/contracts/provider.ts';
import type { VmWishes, Wishes } from '../../../src/contracts/wishes.ts';
import { FolderDestination } from '../../../src/folder/folder-destination.ts';
import { FolderStore } from '../../../src/folder/folder-store.ts';
import { migrateAll } from '../../../src/migrate.ts';
import { MigrationError } from '../../../src/model/errors.ts';
import type { VmPlan, VmProgress } from '../../../src/model/plan.ts';
import type { Outlook } from '../../../src/model/precopy.ts';
import type { Schedule } from '../../../src/model/schedule.ts';
import { prepare, prepareAgain } from '../../../src/prepare.ts';
import { runFiles, vmFiles } from '../../../src/report/folder.ts';
import { withRetries } from '../../../src/retry.ts';
import { LocalDiskCopier } from '../../../src/transfer/local-copier.ts';
import { createQueue } from '../../../src/transfer/queue.ts';

export interface Attempt {
  readonly server: Credentials & { readonly url: string; readonly trust: Trust };
  /** Where its files are, and who may read them there, of a source that serves them so. */
  readonly files?: { readonly paths: readonly PathMapping[]; readonly login: Credentials };
  readonly vm: string;
  readonly folder: string;
  readonly schedule: Schedule;
  /** Cut over after so many passes, by a person's word; undefined where the schedule says when. */
  readonly wordAfter?: number;
  /** Work that fails at the target. */
  readonly fails?: 'createVm';
  /** Milliseconds on the wall that this process is late by. */
  readonly late: number;
}

export type Told =
  | { readonly kind: 'phase'; readonly phase: string; readonly passes: number }
  | { readonly kind: 'parked'; readonly outlook: Outlook | undefined }
  | { readonly kind: 'created' }
  | { readonly kind: 'end'; readonly progress: VmProgress; readonly disks: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'bug'; readonly message: string };

/** Nobody waits: whoever sleeps long finds that the time has passed. */
class JumpingClock implements Clock {
  #ahead: number;

  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  now(): number {
    return Date.now() + this.#ahead;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    const until = this.now() + milliseconds;
    await new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 10)));
    signal.throwIfAborted();
    this.#ahead += Math.max(0, until - this.now());
  }
}

/** Until the VM is somewhere where it stays. @param tell must not throw */
export async function perform(attempt: Attempt, tell: (told: Told) => void): Promise<void> {
  const { server, files, vm, folder, schedule, wordAfter, fails, late } = attempt;
  const clock = new JumpingClock(late);
  const { signal } = new AbortController();
  const credentials = async () => ({ user: server.user, password: server.password });
  const shares = files && { paths: files.paths, shareCredentials: async () => files.login };
  const options = { signal, credentials, trust: server.trust, ...shares };
  const provider = PROVIDERS.find((each) => each.claims(server.url));
  if (provider === undefined) throw new Error(`nobody reads ${server.url}`);
  try {
    await using connection = withRetries(await provider.connect(server.url, options), { clock });
    await using target = new FolderDestination(folder, { vmFiles, runFiles });
    const store = new FolderStore(folder);
    const request = {
      ...{ networkMap: { entries: [] }, storageMap: { entries: [] }, facts: {}, forecast: {} },
      ...{ options: { devices: 'virtio' }, type: 'warm', vms: [vm] },
    } as unknown as Parameters<typeof prepare>[1];
    const report = await prepare(connection, { ...request, begun: await target.begun() }, { clock, signal });
    const passesOf = (): number => passes;
    let passes = 0;
    const wishes: Wishes = {
      of: (): VmWishes => ({ schedule, ...(wordAfter !== undefined && passesOf() >= wordAfter && { cutoverAt: clock.now() }) }),
      changed: (_plan, stop) => new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason))),
    };
    const destination = new Proxy(target, {
      get: (from, key) => {
        if (key === 'createVm') {
          return async (plan: VmPlan) => {
            if (fails === 'createVm') throw new MigrationError('target-full', 'No space for the manifests.');
            tell({ kind: 'created' });
            await from.createVm(plan);
          };
        }
        const value: unknown = Reflect.get(from, key);
        return typeof value === 'function' ? value.bind(from) : value;
      },
    });
    const finished = await migrateAll(report, {
      ...{ connection, destination, store, clock, signal, wishes, resume: true, verify: true, powerOnAfterFailure: true },
      copier: new LocalDiskCopier({ clock, patience: 2000 }),
      transfers: createQueue({}),
      vms: createQueue({}),
      shutdown: { graceSeconds: 30, otherwise: 'force' },
      replan: async (plan) => (await prepareAgain(connection, plan, request, { clock, signal })).plan,
      observer: {
        phase: (_plan, progress) => {
          passes = progress.warm?.passes.at(-1)?.number ?? 0;
          tell({ kind: 'phase', phase: progress.phase, passes });
        },
        parked: (_plan, { outlook }) => tell({ kind: 'parked', outlook }),
        transferStarts: () => undefined,
        transferMoves: () => undefined,
        transferEnds: () => undefined,
      },
    });
    const [entry] = finished.vms;
    if (entry?.progress === undefined) throw new Error('nothing was migrated');
    const disks = entry.plan.mapping.placements.map(({ disk }) => [disk, target.diskTarget(entry.plan, disk).path] as const);
    tell({ kind: 'end', progress: entry.progress, disks: Object.fromEntries(disks) });
  } catch (error) {
    if (error instanceof MigrationError) tell({ kind: 'refused', code: error.code, message: error.message });
    else tell({ kind: 'bug', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
