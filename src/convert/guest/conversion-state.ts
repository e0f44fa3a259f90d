/**
 * How far the conversion of a VM is, in one file of its workspace that is replaced as a whole:
 *
 *   (none) ── converting ── committing ── converted
 *
 * `converting`: overlays may be half written, the disks are as they were copied. Killed here: all overlays are thrown away.
 * `committing`: every overlay is complete and synced. Killed here: they are committed again, which gives the same bytes.
 * `converted`: the disks hold everything; the result is kept for who asks again.
 */
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { CONVERSION_PHASES, type ConversionDisk, type ConversionRequest, type ConversionResult } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';

const STATE_FILE = 'conversion.json';

const extents = z.array(z.object({ offset: z.int().min(0), length: z.int().min(1) }).readonly()).readonly();
const phases = z.enum(CONVERSION_PHASES);

const resultSchema: z.ZodType<ConversionResult> = z.object({
  accelerator: z.enum(['kvm', 'tcg']),
  converter: z.string(),
  guest: z.string().exactOptional(),
  changes: z.array(
    z.object({
      subject: z.enum(['system', 'network', 'tools', 'boot']),
      what: z.string(),
      file: z.string().exactOptional(),
    }),
  ),
  warnings: z.array(z.string()),
  configured: z
    .array(z.object({ mac: z.string(), addresses: z.array(z.string()), gateways: z.array(z.string()) }))
    .exactOptional(),
  agent: z.enum(['present', 'announced', 'absent']).exactOptional(),
  seconds: z.array(z.object({ phase: phases, seconds: z.number() })),
  disks: z.array(z.object({ key: z.string(), changed: extents, zeroed: extents.exactOptional() })),
});

const stateSchema = z.object({
  format: z.literal(1),
  /** Key and path of every disk in order: a workspace belongs to them alone. */
  disks: z.array(z.string()),
  /** `ConversionRequest.copy`: what was done to another copy counts no more. */
  copy: z.string(),
  stage: z.discriminatedUnion('is', [
    z.object({ is: z.literal('converting') }),
    z.object({ is: z.literal('committing'), result: resultSchema }),
    z.object({ is: z.literal('converted'), result: resultSchema }),
  ]),
});

export type Stage = z.infer<typeof stateSchema>['stage'];

type Subject = Pick<ConversionRequest, 'disks' | 'copy'>;

/**
 * The stage that the workspace is in; undefined when nothing was begun for this copy.
 * @throws MigrationError `state-unreadable`, `state-foreign`
 */
export async function readStage(workspace: string, { disks, copy }: Subject): Promise<Stage | undefined> {
  const file = path.join(workspace, STATE_FILE);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new MigrationError('state-unreadable', `Cannot read ${file}.`, { file, cause: error });
  }
  const state = stateSchema.safeParse(parsed(text));
  if (!state.success) throw new MigrationError('state-unreadable', `${file} is no state of a conversion.`, { file });
  if (state.data.disks.join('\n') !== identities(disks).join('\n')) {
    throw new MigrationError('state-foreign', `${file} belongs to the conversion of other disks.`, { file });
  }
  return state.data.copy === copy ? state.data.stage : undefined;
}

/** Returns when the stage would survive a power failure. */
export async function writeStage(workspace: string, { disks, copy }: Subject, stage: Stage): Promise<void> {
  const file = path.join(workspace, STATE_FILE);
  const aside = `${file}.partial`;
  const handle = await open(aside, 'w', 0o600);
  try {
    await handle.writeFile(JSON.stringify({ format: 1, disks: identities(disks), copy, stage }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(aside, file);
  await syncPath(workspace);
}

/** Brings what was written to a file, a device or a folder to stable storage. */
export async function syncPath(place: string): Promise<void> {
  const handle = await open(place, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function identities(disks: readonly ConversionDisk[]): string[] {
  return disks.map(({ key, path: place }) => JSON.stringify([key, place]));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
