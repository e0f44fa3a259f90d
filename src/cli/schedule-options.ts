/** The options that say when a warm migration does what, and which VMs are cut over together. */
import { type Command, Option } from 'commander';
import { parseDuration } from '../model/duration.ts';
import { MigrationError } from '../model/errors.ts';
import type { Report } from '../model/report.ts';
import type { CutoverPolicy, RecurringWindow, Schedule, Span } from '../model/schedule.ts';
import { isTimeZone } from '../model/time-zone.ts';
import { INSTANT_EXAMPLE, parseInstant } from './instants.ts';
import { readText } from './limits-file.ts';

export interface ScheduleFlags {
  readonly warm?: boolean;
  readonly start?: string;
  readonly precopyEvery?: string;
  readonly cutover?: string;
  readonly window?: readonly string[];
  readonly blackout?: readonly string[];
  readonly downtimeBudget?: string;
  readonly group?: readonly string[];
}

/** Group by name or id of a VM. */
export type Groups = ReadonlyMap<string, string>;

/** Seconds: a guest is not given snapshots more often, and nobody waits longer than a month. */
const SHORTEST_INTERVAL = 60;
const LONGEST_INTERVAL = 31 * 24 * 3600;
const MOST_WINDOW_MINUTES = 31 * 24 * 60;

const WINDOW_HINT = 'Such as "0 22 * * Sat; 4h; Europe/Berlin": cron (minute hour day month weekday); how long; time zone.';
const TIME_HINT = `A time is written such as ${INSTANT_EXAMPLE}.`;
const DURATION_HINT = 'A duration is written such as 90s, 30m, 1h30m or 2d.';

export function addScheduleOptions(command: Command): Command {
  const add = (flags: string, text: string): Option => new Option(flags, text).helpGroup('Warm migration:');
  return command
    .addOption(
      add('--warm', 'copy VMs while they run, and shut each down for its last changes only; those that are off are cold'),
    )
    .addOption(add('--start <time>', `nothing begins before, such as ${INSTANT_EXAMPLE} (without a zone: of this machine)`))
    .addOption(
      add('--precopy-every <duration>', 'between the beginnings of precopies, such as 30m (default: as what they measure says)'),
    )
    .addOption(
      add(
        '--cutover <when>',
        'manual (`kubeferry cutover DIR`), when-ready (no precopy makes the rest smaller), a time or later, or TIME/TIME: not begun if it cannot end by the second (default: when-ready)',
      ),
    )
    .addOption(
      add(
        '--window <window>',
        'cut over only inside "CRON; DURATION; TIMEZONE", such as "0 22 * * Sat; 4h; Europe/Berlin"; repeatable',
      ).argParser(collect),
    )
    .addOption(
      add(
        '--blackout <span>',
        'no cutover in "CRON; DURATION; TIMEZONE" or TIME/TIME, or a file with one of them a line; repeatable',
      ).argParser(collect),
    )
    .addOption(add('--downtime-budget <duration>', 'no cutover while its downtime is predicted to be longer, such as 5m'))
    .addOption(add('--group <name=vm,vm…>', 'VMs that are cut over together or not at all; repeatable').argParser(collect));
}

/** Whether they say anything about times; --warm alone does not. */
export function saysWhen({ start, precopyEvery, cutover, window, blackout, downtimeBudget }: ScheduleFlags): boolean {
  return [start, precopyEvery, cutover, window, blackout, downtimeBudget].some((flag) => flag !== undefined);
}

/**
 * What the options mean. Undefined where they say nothing: then a migration is cold, and begins at once.
 * @throws MigrationError `usage` for what cannot be, `config-invalid` for a file of blackouts that cannot be read
 */
export async function readSchedule(flags: ScheduleFlags): Promise<Schedule | undefined> {
  const { warm = false, start, precopyEvery, cutover, window = [], blackout = [], downtimeBudget, group = [] } = flags;
  const warmOnly = [
    ...(precopyEvery === undefined ? [] : ['--precopy-every']),
    ...(cutover === undefined ? [] : ['--cutover']),
    ...(window.length === 0 ? [] : ['--window']),
    ...(blackout.length === 0 ? [] : ['--blackout']),
    ...(downtimeBudget === undefined ? [] : ['--downtime-budget']),
  ];
  if (!warm && warmOnly.length > 0)
    throw refusal(`${warmOnly.join(', ')} without --warm: a cold migration has no cutover to wait for.`, 'Say --warm as well.');
  if (!warm && start === undefined && group.length === 0) return undefined;
  const policy = policyOf(cutover, window);
  if (policy.kind === 'manual' && (blackout.length > 0 || downtimeBudget !== undefined)) {
    throw refusal(
      '--blackout and --downtime-budget bind cutovers that begin by themselves; with --cutover manual somebody says when.',
    );
  }
  const schedule = {
    ...(start !== undefined && { start: instantOf('--start', start) }),
    ...(precopyEvery !== undefined && { precopyEvery: intervalOf(precopyEvery) }),
    cutover: policy,
    blackouts: (await Promise.all(blackout.map(blackoutsOf))).flat(),
    ...(downtimeBudget !== undefined && { downtimeBudget: secondsOf('--downtime-budget', downtimeBudget) }),
  };
  if (policy.kind === 'at' && schedule.start !== undefined && policy.at < schedule.start) {
    throw refusal('--cutover is before --start: nothing can be cut over before it has begun.');
  }
  return schedule;
}

/** @throws MigrationError `usage` */
export function readGroups(flags: Pick<ScheduleFlags, 'group'>): Groups {
  const groups = new Map<string, string>();
  for (const text of flags.group ?? []) {
    const [, name = '', list = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
    const vms = list.split(',').map((vm) => vm.trim());
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name))
      throw refusal(`--group ${text}: there is no name in front of a "=".`, GROUP_HINT);
    if (vms.includes('') || new Set(vms).size < 2) throw refusal(`--group ${text}: a group has two VMs at least.`, GROUP_HINT);
    for (const vm of vms) {
      const other = groups.get(vm);
      if (other !== undefined)
        throw refusal(`--group ${name}: ${vm} is in ${other === name ? 'it twice' : `the group ${other} already`}.`);
      groups.set(vm, name);
    }
  }
  return groups;
}

/** Whoever misspells a VM would have it cut over without the others. @throws MigrationError `usage` */
export function requireGrouped(groups: Groups, { vms }: Pick<Report, 'vms'>): void {
  const known = new Set(vms.flatMap(({ vm }) => [vm.name, vm.ref.id]));
  const unknown = [...groups.keys()].filter((vm) => !known.has(vm));
  if (unknown.length === 0) return;
  throw refusal(`--group names VMs that are not migrated here: ${unknown.join(', ')}.`, 'Name them among the VMs as well.');
}

const GROUP_HINT = 'Such as --group shop=web,db: names or ids of VMs, separated by commas.';

function policyOf(text: string | undefined, windows: readonly string[]): CutoverPolicy {
  if (windows.length > 0) {
    if (text !== undefined) throw refusal('--cutover and --window contradict each other: a window says when by itself.');
    return { kind: 'windows', windows: windows.map((window) => windowOf('--window', window)) };
  }
  if (text === undefined || text === 'when-ready') return { kind: 'when-ready' };
  if (text === 'manual') return { kind: 'manual' };
  const [from = '', until, ...more] = text.split('/');
  const hint = `Say manual, when-ready, a time, or TIME/TIME. ${TIME_HINT}`;
  if (more.length > 0) throw refusal(`--cutover ${text} means nothing.`, hint);
  const at = instantOf('--cutover', from, hint);
  if (until === undefined) return { kind: 'at', at };
  const end = instantOf('--cutover', until, hint);
  if (end <= at) throw refusal(`--cutover ${text} ends before it begins.`, hint);
  return { kind: 'at', at, until: end };
}

/** A span, a recurring window, or the name of a file that holds some, one a line. */
async function blackoutsOf(text: string): Promise<readonly (RecurringWindow | Span)[]> {
  if (text.includes(';') || /^\d{4}-/.test(text)) return [blackoutOf('--blackout', text)];
  const lines = (await readText(text)).split('\n').map((line) => line.replace(/#.*$/, '').trim());
  const found = lines.flatMap((line, index) => (line === '' ? [] : [blackoutOf(`--blackout ${text}, line ${index + 1}:`, line)]));
  if (found.length === 0) throw refusal(`--blackout ${text}: the file holds no blackout.`);
  return found;
}

function blackoutOf(option: string, text: string): RecurringWindow | Span {
  if (text.includes(';')) return windowOf(option, text);
  const hint = `Such as 2030-12-20T00:00Z/2031-01-07T00:00Z, or as a window that recurs. ${WINDOW_HINT}`;
  const [from = '', until = '', ...more] = text.split('/');
  if (more.length > 0 || until === '') throw refusal(`${option} ${text} is no span from one time to another.`, hint);
  const span = { begin: instantOf(option, from, hint), end: instantOf(option, until, hint) };
  if (span.end <= span.begin) throw refusal(`${option} ${text} ends before it begins.`, hint);
  return span;
}

function windowOf(option: string, text: string): RecurringWindow {
  const [cron = '', duration = '', timeZone = '', ...more] = text.split(';').map((part) => part.trim());
  if (timeZone === '' || more.length > 0) throw refusal(`${option} "${text}" has not three parts.`, WINDOW_HINT);
  const minutes = secondsOf(option, duration) / 60;
  if (!Number.isInteger(minutes) || minutes > MOST_WINDOW_MINUTES) {
    throw refusal(`${option} "${text}": a window is open for whole minutes, 31 days at most.`, WINDOW_HINT);
  }
  if (!isTimeZone(timeZone)) throw refusal(`${option} "${text}": there is no time zone ${timeZone}.`, WINDOW_HINT);
  return { cron, minutes, timeZone };
}

function intervalOf(text: string): number {
  const seconds = secondsOf('--precopy-every', text);
  if (seconds >= SHORTEST_INTERVAL && seconds <= LONGEST_INTERVAL) return seconds;
  throw refusal(`--precopy-every ${text}: from 1m to 31d.`, 'Each precopy costs the guest a snapshot.');
}

function secondsOf(option: string, text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw refusal(`${option}: "${text}" is no duration.`, DURATION_HINT);
  return seconds;
}

function instantOf(option: string, text: string, hint = TIME_HINT): number {
  const at = parseInstant(text);
  if (at === undefined) throw refusal(`${option}: "${text}" is no time.`, hint);
  return at;
}

function refusal(message: string, hint?: string): MigrationError {
  return new MigrationError('usage', message, hint === undefined ? {} : { hint });
}

function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
