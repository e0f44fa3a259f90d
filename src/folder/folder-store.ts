import path from 'node:path';
import { z } from 'zod';
import type { Store } from '../contracts/destination.ts';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { MigrationError } from '../model/errors.ts';
import { TERMINAL_PHASES, WORK_PHASES } from '../model/phase.ts';
import type { VmProgress } from '../model/plan.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { Outcome, Proof } from './guest-state.ts';
import { STATE_FOLDER } from './marker.ts';

const ERROR_CODE_NAMES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

const Spread = z.object({ low: z.number(), likely: z.number(), high: z.number() });
const Checkpoints = z.record(z.string(), z.string());

const Warm = z.object({
  id: z.string(),
  held: z
    .object({
      id: z.string(),
      name: z.string(),
      pass: z.number(),
      at: z.iso.datetime(),
      seconds: z.number(),
      checkpoints: Checkpoints,
    })
    .exactOptional(),
  checkpoints: Checkpoints,
  outdated: z.array(z.string()).exactOptional(),
  left: z.string().exactOptional(),
  passes: z.array(
    z.object({
      number: z.number(),
      checkpointAt: z.iso.datetime(),
      bytes: z.number(),
      copySeconds: z.number(),
      snapshotSeconds: z.number(),
      compared: z.object({ bytes: z.number(), because: z.string() }).exactOptional(),
    }),
  ),
  setback: z
    .object({ count: z.number(), code: z.enum(ERROR_CODE_NAMES), message: z.string(), at: z.iso.datetime() })
    .exactOptional(),
});

const AnOutlook = z.object({
  next: z.enum(['start', 'precopy', 'cutover', 'group', 'commit']),
  at: z.iso.datetime().exactOptional(),
  because: z.string(),
  cutoverAt: z.iso.datetime().exactOptional(),
  cutoverBecause: z.string().exactOptional(),
  downtime: z
    .object({
      finalDelta: Spread,
      seconds: Spread,
      changeRate: z.number(),
      copyRate: z.number(),
      converges: z.boolean(),
      advice: z.array(z.string()),
    })
    .exactOptional(),
});

const Progress: z.ZodType<VmProgress> = z.object({
  vm: z.string(),
  targetName: z.string(),
  type: z.enum(['cold', 'warm']),
  phase: z.enum([...WORK_PHASES, ...TERMINAL_PHASES]),
  since: z.iso.datetime(),
  history: z.array(
    z.object({
      phase: z.enum(WORK_PHASES),
      startedAt: z.iso.datetime(),
      endedAt: z.iso.datetime(),
      skipped: z.string().exactOptional(),
    }),
  ),
  transfers: z.array(
    z.object({
      job: z.string(),
      size: z.number(),
      moved: z.number(),
      compared: z.string().exactOptional(),
      passes: z.number().exactOptional(),
      allocated: z.number(),
      seconds: z.number(),
      transport: z.string(),
      target: z.object({ size: z.number(), inode: z.string(), modified: z.string() }).exactOptional(),
      proof: z
        .object({
          algorithm: z.literal('sha256'),
          blockSize: z.number(),
          root: z.string(),
          copied: z.string().exactOptional(),
          size: z.number(),
          allocated: z.number(),
        })
        .exactOptional(),
    }),
  ),
  hooks: z
    .array(
      z.object({
        hook: z.string(),
        at: z.enum(['BeforeCopy', 'AfterCopy', 'BeforeCutover', 'AfterCutover', 'OnFailure']),
        outcome: z.enum(['succeeded', 'failed', 'timed-out']),
        by: z.string(),
        message: z.string(),
        startedAt: z.iso.datetime(),
        endedAt: z.iso.datetime(),
      }),
    )
    .exactOptional(),
  failure: z
    .object({
      phase: z.enum(WORK_PHASES),
      code: z.enum(ERROR_CODE_NAMES),
      message: z.string(),
      hint: z.string(),
      source: z.enum(['started-again', 'left-off']).exactOptional(),
      target: z.enum(['stopped', 'never-there', 'unknown']).exactOptional(),
    })
    .exactOptional(),
  sourceStopped: z.boolean().exactOptional(),
  conversion: Outcome.exactOptional(),
  proof: Proof.exactOptional(),
  warm: Warm.exactOptional(),
  outlook: AnOutlook.exactOptional(),
});

/** Keeps the progress of each VM in `.kubeferry/<target name>.json` of a destination folder. */
export class FolderStore implements Store {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async load(targetName: string): Promise<VmProgress | undefined> {
    const file = this.#file(targetName);
    const text = await readIfThere(file);
    if (text === undefined) return undefined;
    try {
      return Progress.parse(JSON.parse(text));
    } catch (error) {
      throw new MigrationError('state-unreadable', `${file} is not what kubeferry writes.`, { file, cause: error });
    }
  }

  async save(progress: VmProgress): Promise<void> {
    await writeDurably(this.#file(progress.targetName), `${JSON.stringify(progress, null, 2)}\n`);
  }

  #file(targetName: string): string {
    return path.join(this.#folder, STATE_FOLDER, 'vms', `${targetName}.json`);
  }
}
