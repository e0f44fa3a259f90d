/** Shows how a migration goes: a bar a disk on a terminal, one line a step elsewhere; the same as log lines. */
import cliProgress from 'cli-progress';
import type { Clock } from '../contracts/clock.ts';
import type { Log } from '../contracts/log.ts';
import type { Observer } from '../contracts/observer.ts';
import type { TransferProgress } from '../model/transfer.ts';
import { formatBytes } from '../model/units.ts';
import { printable } from '../report/columns.ts';
import { formatDuration, Rate } from './rate.ts';
import type { Terminal } from './services.ts';

export function createObserver(terminal: Terminal, clock: Clock, log: Log): Observer & Disposable {
  const display = terminal.live ? new Bars(terminal, clock) : new Lines(terminal, clock);
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

/** Bars, redrawn in place. */
class Bars {
  readonly #bars: cliProgress.MultiBar;
  readonly #byJob = new Map<string, { readonly bar: cliProgress.SingleBar; rate: Rate; stage: TransferProgress['stage'] }>();
  readonly #clock: Clock;

  constructor(terminal: Terminal, clock: Clock) {
    this.#clock = clock;
    this.#bars = new cliProgress.MultiBar(
      {
        format: ' {job} {bar} {percentage}% {stage} {moved} {rate} {eta_text}',
        hideCursor: true,
        clearOnComplete: false,
        barsize: 24,
        fps: 5,
        autopadding: true,
      },
      cliProgress.Presets.shades_grey,
    );
    this.#log = (line) => this.#bars.log(`${line}\n`);
    this.#terminal = terminal;
  }

  readonly #log: (line: string) => void;
  readonly #terminal: Terminal;

  phase(name: string, phase: string): void {
    if (this.#byJob.size === 0) this.#terminal.err(`${printable(name)}: ${phase}\n`);
    else this.#log(`${printable(name)}: ${phase}`);
  }

  starts(job: string): void {
    const bar = this.#bars.create(1, 0, { job: printable(job), stage: '', moved: '', rate: '', eta_text: '' });
    this.#byJob.set(job, { bar, rate: new Rate(), stage: 'copy' });
  }

  moves({ job, stage, done, total }: TransferProgress): void {
    const entry = this.#byJob.get(job);
    if (entry === undefined) return;
    if (entry.stage !== stage) {
      entry.stage = stage;
      entry.rate = new Rate();
    }
    entry.rate.note(done, this.#clock.now());
    const left = entry.rate.secondsLeft(total);
    const speed = entry.rate.bytesPerSecond;
    entry.bar.setTotal(Math.max(total, 1));
    entry.bar.update(total === 0 ? 1 : done, {
      stage: STAGES[stage],
      moved: `${formatBytes(done)} of ${formatBytes(total)}`,
      rate: speed === undefined ? '' : `${formatBytes(Math.round(speed))}/s`,
      eta_text: left === undefined ? '' : `${formatDuration(left)} left`,
    });
  }

  ends(job: string, failed: string | undefined): void {
    this.#byJob.get(job)?.bar.update({ stage: failed === undefined ? 'done' : 'failed', rate: '', eta_text: '' });
    this.#byJob.get(job)?.bar.stop();
  }

  close(): void {
    this.#bars.stop();
  }
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
    const took = ((this.#clock.now() - since) / 1000).toFixed(1);
    this.#line(failed === undefined ? `${job}: done in ${took} s` : `${job}: failed: ${failed}`);
  }

  close(): void {}

  #line(text: string): void {
    this.#terminal.err(`${printable(text)}\n`);
  }
}
