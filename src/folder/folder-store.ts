import path from 'node:path';
import { z } from 'zod';
import type { Store } from '../contracts/destination.ts';
import { ERROR_CODES, type ErrorCode } from '../model/error-codes.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmProgress } from '../model/plan.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { STATE_FOLDER } from './marker.ts';

const WORK_PHASES = ['Pending', 'PowerOffSource', 'CopyDisks', 'Convert', 'CreateVm', 'Prove'] as const;
const ERROR_CODE_NAMES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];

const Progress: z.ZodType<VmProgress> = z.object({
  vm: z.string(),
  targetName: z.string(),
  type: z.enum(['cold']),
  phase: z.enum([...WORK_PHASES, 'Completed', 'Failed', 'Canceled']),
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
    })
    .exactOptional(),
  sourceStopped: z.boolean().exactOptional(),
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
