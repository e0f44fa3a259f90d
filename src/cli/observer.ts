/** Who watches a migration from the command line: the display, the file for programs, the log. */
import { type Command, Option } from 'commander';
import type { Observer } from '../contracts/observer.ts';
import type { CommandContext } from './context.ts';
import { Bars } from './progress/bars.ts';
import type { Display } from './progress/display.ts';
import { openJsonFile } from './progress/json-file.ts';
import { JsonLines } from './progress/json-lines.ts';
import { Lines } from './progress/lines.ts';
import { Told } from './progress/told.ts';

export interface ProgressFlags {
  readonly progress: 'auto' | 'json';
  readonly progressFile?: string;
}

export interface CliObserver extends Observer, AsyncDisposable {
  /** Something else that a person should see. */
  note(text: string): void;
}

export function addProgressOptions(command: Command): Command {
  const group = 'Progress:';
  return command
    .addOption(
      new Option('--progress <kind>', 'on stderr; auto: bars on a terminal, a line a step elsewhere; json: a JSON object a line')
        .choices(['auto', 'json'])
        .default('auto')
        .helpGroup(group),
    )
    .addOption(new Option('--progress-file <file>', 'append the JSON lines to a file as well').helpGroup(group));
}

/**
 * What the options ask for, as one.
 * @throws MigrationError `config-invalid` when the file for the progress cannot be opened
 */
export async function openDisplay(
  { progress, progressFile }: ProgressFlags,
  { terminal, services: { clock } }: CommandContext,
): Promise<Display> {
  const shown =
    progress === 'json'
      ? new JsonLines((line) => terminal.err(line), clock)
      : terminal.live
        ? new Bars(clock)
        : new Lines(terminal, clock);
  return progressFile === undefined ? shown : both(shown, await openJsonFile(progressFile, clock));
}

function both(one: Display, other: Display): Display {
  return {
    phase(plan, progress) {
      one.phase(plan, progress);
      other.phase(plan, progress);
    },
    passed(plan, pass) {
      one.passed(plan, pass);
      other.passed(plan, pass);
    },
    waits(plan, outlook) {
      one.waits(plan, outlook);
      other.waits(plan, outlook);
    },
    starts(disk) {
      one.starts(disk);
      other.starts(disk);
    },
    moves(progress) {
      one.moves(progress);
      other.moves(progress);
    },
    ends(disk, failed) {
      one.ends(disk, failed);
      other.ends(disk, failed);
    },
    note(text) {
      one.note(text);
      other.note(text);
    },
    async [Symbol.asyncDispose]() {
      await one[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    },
  };
}

/** @throws MigrationError `config-invalid` when the file for the progress cannot be opened */
export async function createObserver(flags: ProgressFlags, context: CommandContext): Promise<CliObserver> {
  const { log } = context.services;
  const display = await openDisplay(flags, context);
  const told = new Told();
  return {
    phase(plan, state) {
      const pass = told.nextPass(state);
      if (pass !== undefined) display.passed(plan, pass);
      if (!told.isNewPhase(state)) return;
      log.info({ vm: plan.vm.name, phase: state.phase, code: state.failure?.code }, 'phase');
      display.phase(plan, state);
    },
    parked(plan, { targetName, outlook }) {
      if (outlook === undefined || !told.isNewOutlook(targetName, outlook)) return;
      log.info({ vm: plan.vm.name, next: outlook.next, at: outlook.at }, 'waits');
      display.waits(plan, outlook);
    },
    transferStarts({ id, vm, disk, source, delta }) {
      log.info({ vm, disk, job: id }, 'transfer starts');
      display.starts({ id, vm, disk, capacity: source.capacity, pass: delta === undefined ? 'full' : 'delta' });
    },
    transferMoves(moved) {
      display.moves(moved);
    },
    transferEnds({ id, vm, disk }, failed) {
      if (failed === undefined) log.info({ vm, disk, job: id }, 'transfer ends');
      else log.error({ vm, disk, job: id, reason: failed }, 'transfer failed');
      display.ends({ id }, failed);
    },
    guestWork({ mapping }, text) {
      display.note(`${mapping.targetName}: ${text}`);
    },
    guestWaits({ mapping }, because) {
      if (because !== undefined) log.info({ vm: mapping.targetName, because }, 'guest waits');
    },
    note(text) {
      display.note(text);
    },
    [Symbol.asyncDispose]: () => display[Symbol.asyncDispose](),
  };
}
