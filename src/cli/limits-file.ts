/** The limits file: read when a migration begins and again whenever it changes. */
import { readFile, stat, watch } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { BandwidthLimit } from '../contracts/bandwidth.ts';
import { parseByteRate } from '../model/byte-rate.ts';
import { MigrationError } from '../model/errors.ts';
import { parseRateCalendar, type RateCalendar } from '../model/rate-calendar.ts';
import { limitsOf } from './parallel-options.ts';

const Count = z.int().min(1).max(64);

const Bandwidth = z.string().transform((text, context): { readonly limit: BandwidthLimit } => {
  const limit = parseByteRate(text);
  if (limit !== undefined || text === 'unlimited') return { limit };
  context.issues.push({ code: 'custom', message: 'no rate such as 800Mbit or 50 MB/s, and not unlimited', input: text });
  return z.NEVER;
});

const Calendar = z.string().transform((text, context): { readonly limit: RateCalendar } => {
  const limit = parseRateCalendar(text);
  if ('rules' in limit) return { limit };
  for (const message of limit.faults) context.issues.push({ code: 'custom', message, input: text });
  return z.NEVER;
});

/** Named like the options. What is absent is as the options say. */
const Limits = z
  .strictObject({
    'parallel-disks': Count.exactOptional(),
    'parallel-per-host': Count.exactOptional(),
    'parallel-per-datastore': Count.exactOptional(),
    'parallel-per-target': Count.exactOptional(),
    bandwidth: Bandwidth.exactOptional(),
    'bandwidth-calendar': Calendar.exactOptional(),
  })
  .refine((file) => file.bandwidth === undefined || file['bandwidth-calendar'] === undefined, {
    message: 'say either bandwidth or bandwidth-calendar',
  })
  .transform(({ 'bandwidth-calendar': calendar, bandwidth = calendar, ...counts }) => ({
    parallel: limitsOf({
      parallelDisks: counts['parallel-disks'],
      parallelPerHost: counts['parallel-per-host'],
      parallelPerDatastore: counts['parallel-per-datastore'],
      parallelPerTarget: counts['parallel-per-target'],
    }),
    ...(bandwidth !== undefined && { bandwidth }),
  }));

export type LimitsFile = z.infer<typeof Limits>;

/** @throws MigrationError `config-invalid`, with all that is wrong */
export async function readLimitsFile(file: string): Promise<LimitsFile> {
  let content: unknown;
  try {
    content = parse(await readText(file), { maxAliasCount: 0 }) ?? {};
  } catch (cause) {
    if (cause instanceof MigrationError) throw cause;
    throw new MigrationError('config-invalid', `The limits are no YAML: ${String(cause)}`, { file, cause });
  }
  const parsed = Limits.safeParse(content);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'top'}: ${issue.message}`);
  throw new MigrationError('config-invalid', `The limits are wrong:\n  ${mistakes.join('\n  ')}`, { file });
}

const MOST_TEXT = 64 * 1024;

/** @throws MigrationError `config-invalid` */
export async function readText(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.length <= MOST_TEXT) return text;
  } catch (cause) {
    throw new MigrationError('config-invalid', 'The file cannot be read.', { file, cause });
  }
  throw new MigrationError('config-invalid', 'The file is larger than any limits.', { file });
}

/**
 * Tells once at the beginning and then whenever the file is another one, until the signal aborts. The folder is watched, because editors
 * and Kubernetes put a new file in place of the old one; what else happens there costs one look at the file's times.
 */
export async function watchFile(file: string, onChange: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const events = watch(path.dirname(path.resolve(file)), { signal })[Symbol.asyncIterator]();
  let known: string | undefined;
  try {
    // Listening begins before the first look, so that nothing is missed in between.
    for (let next = events.next(); ; next = events.next()) {
      const mark = await markOf(file);
      if (mark !== known) await onChange();
      known = mark;
      if ((await next).done) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function markOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined);
  return found === undefined ? 'none' : `${found.ino} ${found.size} ${found.mtimeNs}`;
}
