/** Who watches a migration from the command line: the display, the file for programs, the log. */
import { type Command, Option } from 'commander';
import type { Observer } from '../contracts/observer.ts';
import type { CommandContext } from './context.ts';
import { Bars } from './progress/bars.ts';
import type { Display } from './progress/display.ts';
import { openJsonFile } from './progress/json-file.ts';
import { JsonLines } from './progress/json-lines.ts';
import { Lines } from './progress/lines.ts';

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

/** @throws MigrationError `config-invalid` when the file for the progress cannot be opened */
export async function createObserver(
  { progress, progressFile }: ProgressFlags,
  { terminal, services: { clock, log } }: CommandContext,
): Promise<CliObserver> {
  const displays: Display[] = [];
  if (progressFile !== undefined) displays.push(await openJsonFile(progressFile, clock));
  if (progress === 'json') displays.push(new JsonLines((line) => terminal.err(line), clock));
  else displays.push(terminal.live ? new Bars(clock) : new Lines(terminal, clock));
  return {
    phase(plan, state) {
      log.info({ vm: plan.vm.name, phase: state.phase, code: state.failure?.code }, 'phase');
      for (const display of displays) display.phase(plan, state);
    },
    transferStarts(job) {
      log.info({ vm: job.vm, disk: job.disk, job: job.id }, 'transfer starts');
      for (const display of displays) display.starts(job);
    },
    transferMoves(moved) {
      for (const display of displays) display.moves(moved);
    },
    transferEnds(job, failed) {
      if (failed === undefined) log.info({ vm: job.vm, disk: job.disk, job: job.id }, 'transfer ends');
      else log.error({ vm: job.vm, disk: job.disk, job: job.id, reason: failed }, 'transfer failed');
      for (const display of displays) display.ends(job, failed);
    },
    note(text) {
      for (const display of displays) display.note(text);
    },
    async [Symbol.asyncDispose]() {
      for (const display of displays) await display[Symbol.asyncDispose]();
    },
  };
}
