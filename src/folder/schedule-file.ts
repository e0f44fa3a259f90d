/** `.kubeferry/schedule.json`: the schedule of a warm migration, so that a later process that is told nothing goes on by the same. */
import path from 'node:path';
import { z } from 'zod';
import { MigrationError } from '../model/errors.ts';
import type { Schedule } from '../model/schedule.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { STATE_FOLDER } from './marker.ts';

/** Milliseconds since the epoch. */
const Instant = z.number();
const Window = z.object({ cron: z.string(), minutes: z.number(), timeZone: z.string() });

const ASchedule: z.ZodType<Schedule> = z.object({
  start: Instant.exactOptional(),
  precopyEvery: z.number().exactOptional(),
  cutover: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('manual') }),
    z.object({ kind: z.literal('when-ready') }),
    z.object({ kind: z.literal('at'), at: Instant, until: Instant.exactOptional() }),
    z.object({ kind: z.literal('windows'), windows: z.array(Window) }),
  ]),
  blackouts: z.array(z.union([Window, z.object({ begin: Instant, end: Instant })])),
  downtimeBudget: z.number().exactOptional(),
});

/** Undefined where none was given. @throws MigrationError `state-unreadable` */
export async function readKeptSchedule(folder: string): Promise<Schedule | undefined> {
  const file = scheduleFile(folder);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return ASchedule.parse(JSON.parse(text));
  } catch (error) {
    throw new MigrationError('state-unreadable', `${file} is not what kubeferry writes.`, { file, cause: error });
  }
}

/** @throws MigrationError `target-full`, `target-write-failed` */
export async function keepSchedule(folder: string, schedule: Schedule): Promise<void> {
  await writeDurably(scheduleFile(folder), `${JSON.stringify(schedule)}\n`);
}

function scheduleFile(folder: string): string {
  return path.join(folder, STATE_FOLDER, 'schedule.json');
}
