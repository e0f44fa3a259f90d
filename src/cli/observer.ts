/** Shows how a migration goes: a bar a disk on a terminal, one line a step elsewhere; the same as log lines. */
import cliProgress from 'cli-progress';
import type { Clock } from '../contracts/clock.ts';
import type { Log } from '../contracts/log.ts';
import type { Observer } from '../contracts/observer.ts';
import { isTerminal, type Phase } from '../model/phase.ts';
import type { TransferProgress } from '../model/transfer.ts';
import { formatBytes } from '../model/units.ts';
import { printable } from '../report/columns.ts';
import { formatDuration, Rate } from './rate.ts';
import type { Terminal } from './services.ts';

export function createObserver(terminal: Terminal, clock: Clock, log: Log): Observer & Disposable {
  const display = terminal.live ? new Bars(clock) : new Lines(terminal, clock);
  return {
    phase(plan, progress) {
      log.info({ vm: plan.vm.name, phase: progress.phase, code: progress.failure?.code }, 'phase');
      display.phase(plan.mapping.targetName, progress.phase);
    },
    transferStarts(job) {
      log.info({ vm: job.vm, disk: job.disk, job: job.id }, 'transfer starts');
      display.starts(job.id);
    },
    transferMoves(progress) {
      display.moves(progress);
    },
    transferEnds(job, failed) {
      if (failed === undefined) log.info({ vm: job.vm, disk: job.disk, job: job.id }, 'transfer ends');
      else log.error({ vm: job.vm, disk: job.disk, job: job.id, reason: failed }, 'transfer failed');
      display.ends(job.id, failed);
    },
    [Symbol.dispose]() {
      display.close();
    },
  };
}

const STAGES = { copy: 'copying', prove: 'proving' } as const;

/** Clears the rest of a line: a redrawn bar may have been longer than what is written over it. */
const ERASE_TO_END = '\u001b[K';

/** A bar for each disk in flight, redrawn in place; what is finished becomes a line above them. */
class Bars {
  readonly #bars: cliProgress.MultiBar;
  readonly #byJob = new Map<string, Flight>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bars = new cliProgress.MultiBar(
      {
        format: `{job} {bar} {percentage}% {stage} {moved} {rate} {left}${ERASE_TO_END}`,
        hideCursor: true,
        barsize: 24,
        fps: 5,
        autopadding: true,
        emptyOnZero: true,
        linewrap: false,
      },
      cliProgress.Presets.shades_grey,
    );
  }

  phase(name: string, phase: Phase): void {
    if (isTerminal(phase)) this.#line(`${name}: ${phase}`);
  }

  starts(job: string): void {
    const bar = this.#bars.create(1, 0, { job: printable(job), stage: 'opening', moved: '', rate: '', left: '' });
    this.#byJob.set(job, { bar, since: this.#clock.now(), rate: new Rate(), stage: 'copy' });
  }

  moves({ job, stage, done, total }: TransferProgress): void {
    const flight = this.#byJob.get(job);
    if (flight === undefined) return;
    if (flight.stage !== stage) {
      flight.stage = stage;
      flight.rate = new Rate();
    }
    flight.rate.note(done, this.#clock.now());
    const left = flight.rate.secondsLeft(total);
    const speed = flight.rate.bytesPerSecond;
    flight.bar.setTotal(Math.max(total, 1));
    flight.bar.update(total === 0 ? 1 : done, {
      stage: STAGES[stage],
      moved: `${formatBytes(done)} of ${formatBytes(total)}`,
      rate: speed === undefined ? '' : `${formatBytes(Math.round(speed))}/s`,
      left: left === undefined ? '' : `${formatDuration(left)} left`,
    });
  }

  ends(job: string, failed: string | undefined): void {
    const flight = this.#byJob.get(job);
    if (flight !== undefined) this.#bars.remove(flight.bar);
    this.#byJob.delete(job);
    this.#line(endLine(job, this.#clock.now() - (flight?.since ?? this.#clock.now()), failed));
  }

  close(): void {
    this.#bars.stop();
  }

  #line(text: string): void {
    this.#bars.log(`${printable(text)}${ERASE_TO_END}\n`);
  }
}

/** A disk that is being moved, with its bar. */
interface Flight {
  readonly bar: cliProgress.SingleBar;
  readonly since: number;
  rate: Rate;
  stage: TransferProgress['stage'];
}

function endLine(job: string, milliseconds: number, failed: string | undefined): string {
  return failed === undefined ? `${job}: done in ${(milliseconds / 1000).toFixed(1)} s` : `${job}: failed: ${failed}`;
}

/** One line when a stage of a disk begins and when the disk is finished. */
class Lines {
  readonly #terminal: Terminal;
  readonly #clock: Clock;
  readonly #stages = new Map<string, { readonly stage: string; readonly since: number }>();

  constructor(terminal: Terminal, clock: Clock) {
    this.#terminal = terminal;
    this.#clock = clock;
  }

  phase(name: string, phase: string): void {
    this.#line(`${name}: ${phase}`);
  }

  starts(job: string): void {
    this.#stages.set(job, { stage: '', since: this.#clock.now() });
  }

  moves({ job, stage, total }: TransferProgress): void {
    const known = this.#stages.get(job);
    if (known === undefined || known.stage === stage) return;
    this.#stages.set(job, { ...known, stage });
    this.#line(`${job}: ${STAGES[stage]} ${formatBytes(total)}`);
  }

  ends(job: string, failed: string | undefined): void {
    const since = this.#stages.get(job)?.since ?? this.#clock.now();
    this.#line(endLine(job, this.#clock.now() - since, failed));
  }

  close(): void {}

  #line(text: string): void {
    this.#terminal.err(`${printable(text)}\n`);
  }
}
