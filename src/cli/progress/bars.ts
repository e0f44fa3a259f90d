/** On a terminal: a bar for each disk. */
import cliProgress from 'cli-progress';
import type { Clock } from '../../contracts/clock.ts';
import { isTerminal } from '../../model/phase.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import type { Outlook } from '../../model/precopy.ts';
import type { TransferProgress } from '../../model/transfer.ts';
import { formatBytes } from '../../model/units.ts';
import { printable } from '../../report/columns.ts';
import { formatDuration } from '../rate.ts';
import { type Display, endLine, type Pass, passLine, STAGES, type Subject, waitLine } from './display.ts';
import { Pace } from './pace.ts';

const TICK_MS = 1000;

/** Clears the rest of a line: a redrawn bar may have been longer than what is written over it. */
const ERASE_TO_END = '\u001b[K';

/** Changes nothing that is seen. */
const PLAIN = '\u001b[0m';

/** A bar for each disk in flight, redrawn in place; what is finished becomes a line above them. */
export class Bars implements Display {
  readonly #bars: cliProgress.MultiBar;
  readonly #byJob = new Map<string, Flight>();
  /** Lines of VMs that wait, by target name. */
  readonly #waiting = new Map<string, cliProgress.SingleBar>();
  /** A line that says the same as before is not drawn again, also where another one was drawn over it meanwhile: this part differs. */
  #beat = '';
  readonly #clock: Clock;
  /** A disk that stands still tells nothing by itself; its rate falls and its end goes away all the same. */
  readonly #ticking = setInterval(() => this.#tick(), TICK_MS);

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

  phase({ mapping }: VmPlan, { phase }: VmProgress): void {
    this.#forget(mapping.targetName);
    if (isTerminal(phase)) this.note(`${mapping.targetName}: ${phase}`);
  }

  passed(plan: VmPlan, pass: Pass): void {
    this.note(passLine(plan, pass));
  }

  /** A line that stays below the others until the VM goes on. */
  waits(plan: VmPlan, outlook: Outlook): void {
    const { targetName } = plan.mapping;
    this.#forget(targetName);
    const text = printable(waitLine(plan, outlook, this.#clock.now()));
    this.#waiting.set(targetName, this.#bars.create(1, 0, { text, beat: '' }, { format: `{text}{beat}${ERASE_TO_END}` }));
  }

  #forget(name: string): void {
    const line = this.#waiting.get(name);
    if (line !== undefined) this.#bars.remove(line);
    this.#waiting.delete(name);
  }

  starts({ id }: Subject): void {
    const bar = this.#bars.create(1, 0, { job: printable(id), stage: 'opening', moved: '', rate: '', left: '' });
    this.#byJob.set(id, { bar, since: this.#clock.now(), pace: new Pace() });
  }

  moves(progress: TransferProgress): void {
    const flight = this.#byJob.get(progress.job);
    if (flight === undefined) return;
    flight.latest = progress;
    this.#draw(flight, progress);
  }

  #draw(flight: Flight, progress: TransferProgress): void {
    const { stage, done, total, kept } = progress;
    flight.pace.note(progress, this.#clock.now());
    const { bytesPerSecond: rate, secondsLeft } = flight.pace;
    flight.bar.setTotal(Math.max(total, 1));
    flight.bar.update(total === 0 ? 1 : done, {
      stage: STAGES[stage],
      moved: `${formatBytes(done)} of ${formatBytes(total)}${kept ? `, ${formatBytes(kept)} from before` : ''}`,
      rate: rate === undefined ? '' : `${formatBytes(Math.round(rate))}/s`,
      left: leftText(secondsLeft, done, total),
    });
  }

  ends({ id }: Pick<Subject, 'id'>, failed: string | undefined): void {
    const flight = this.#byJob.get(id);
    if (flight !== undefined) this.#bars.remove(flight.bar);
    this.#byJob.delete(id);
    this.note(endLine(id, this.#clock.now() - (flight?.since ?? this.#clock.now()), failed));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticking);
    this.#bars.stop();
  }

  #tick(): void {
    this.#beat = this.#beat === '' ? PLAIN : '';
    for (const line of this.#waiting.values()) line.update({ beat: this.#beat });
    for (const flight of this.#byJob.values()) if (flight.latest !== undefined) this.#draw(flight, flight.latest);
  }

  note(text: string): void {
    this.#bars.log(`${printable(text)}${ERASE_TO_END}\n`);
  }
}

/** A disk that is being moved, with its bar. */
interface Flight {
  readonly bar: cliProgress.SingleBar;
  readonly since: number;
  readonly pace: Pace;
  latest?: TransferProgress;
}

/** An end is promised only where something moves. */
function leftText(seconds: number | undefined, done: number, total: number): string {
  if (done >= total) return '';
  return seconds === undefined ? 'time left unknown' : `${formatDuration(seconds)} left`;
}
