/** Conversion of guests on this machine. */
import { mkdir, rm, stat } from 'node:fs/promises';
import type { GuestConverter } from '../contracts/guest-converter.ts';
import type { GuestConversions, GuestWork } from '../contracts/guests.ts';
import type { JobQueue } from '../contracts/job-queue.ts';
import type { ChangeHasher } from '../contracts/verification.ts';
import {
  type Accelerator,
  type ConversionRequest,
  type ConversionTerms,
  type GuestOutcome,
  isLookedInto,
} from '../model/conversion.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import { requireProgram } from '../programs/find-program.ts';
import { convertGuest } from './convert-guest.ts';
import { readKeys } from './keys.ts';

export interface LocalConversionsOptions {
  readonly converter: GuestConverter;
  readonly hasher: ChangeHasher;
  /** How many guests are converted at once: each takes up to 3 GiB of memory. */
  readonly queue: JobQueue;
  /** Folder for the conversion of one VM, on storage that survives a restart. */
  readonly workspaceOf: (plan: VmPlan) => string;
  readonly accelerator: (signal: AbortSignal) => Promise<Accelerator>;
}

/** With the Debian packages that bring them. */
export const CONVERTER_PROGRAMS = {
  guestfish: 'libguestfs-tools',
  'virt-v2v-in-place': 'virt-v2v',
  'qemu-img': 'qemu-utils',
} as const;

export class LocalConversions implements GuestConversions {
  readonly #options: LocalConversionsOptions;

  constructor(options: LocalConversionsOptions) {
    this.#options = options;
  }

  async check(plans: readonly VmPlan[]): Promise<void> {
    await requireParts(plans.flatMap(({ conversion }) => conversion ?? []));
  }

  async convert(plan: VmPlan, request: ConversionRequest, { signal, onProgress, onWait }: GuestWork): Promise<GuestOutcome> {
    const { policy, keys } = plan.conversion ?? {};
    if (!isLookedInto(policy)) throw new Error('nothing is to be done to the guest');
    const { queue, workspaceOf, accelerator, converter, hasher } = this.#options;
    onWait('a place among the guests that are converted at once');
    const work = async (): Promise<GuestOutcome> => {
      onWait(undefined);
      const workspace = workspaceOf(plan);
      await mkdir(workspace, { recursive: true, mode: 0o700 });
      return await convertGuest(request, policy, {
        ...{ converter, hasher, workspace, signal },
        accelerator: await accelerator(signal),
        onProgress: ({ text }) => onProgress(text),
        ...(keys !== undefined && { keys: await readKeys(keys) }),
      });
    };
    return await queue.submit(plan.mapping.targetName, work, signal);
  }

  async release(plan: VmPlan): Promise<void> {
    await rm(this.#options.workspaceOf(plan), { recursive: true, force: true });
  }
}

/** What conversions by these terms need on this machine. @throws MigrationError as GuestConversions.check */
export async function requireParts(all: readonly ConversionTerms[]): Promise<void> {
  const terms = all.filter(({ policy }) => isLookedInto(policy));
  if (terms.length === 0) return;
  for (const [name, debianPackage] of Object.entries(CONVERTER_PROGRAMS)) await requireProgram(name, debianPackage);
  for (const file of new Set(terms.flatMap(({ keys }) => keys ?? []))) await readKeys(file);
  for (const place of new Set(terms.flatMap(({ virtioWin }) => virtioWin ?? []))) await requirePlace(place);
}

async function requirePlace(place: string): Promise<void> {
  const found = await stat(place).catch(() => undefined);
  if (found?.isFile() === true || found?.isDirectory() === true) return;
  throw new MigrationError('virtio-win-missing', `There is no virtio-win at ${place}.`, { file: place });
}
