/** What a bench is, and how its result is written down. */
import { median, type Timings } from './measure.ts';

export interface Bench {
  readonly name: string;
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  readonly diskBytes: number;
  readonly rounds: number;
  /** Sizes that take long as well. */
  readonly full: boolean;
  /** Progress for people. */
  readonly say: (text: string) => void;
}

export interface BenchResult {
  readonly title: string;
  readonly timings: Timings;
  readonly reaches: readonly Reach[];
}

/** One figure with what it should be; a figure without a goal is only reported. */
export interface Reach {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
  readonly reached?: boolean;
}

/** Markdown, to be read on a terminal as well. */
export function renderResult({ title, timings, reaches }: BenchResult): string {
  const rounds = [...timings.values()].map((seconds) => seconds.length);
  const [least, most] = [Math.min(...rounds), Math.max(...rounds)];
  const times = [...timings].map(([name, seconds]) => [
    name,
    median(seconds).toFixed(2),
    `${Math.min(...seconds).toFixed(2)} – ${Math.max(...seconds).toFixed(2)}`,
  ]);
  const figures = reaches.map(({ what, value, goal, reached }) => [
    what,
    value,
    goal ?? '',
    reached === undefined ? '' : reached ? 'reached' : 'NOT REACHED',
  ]);
  return [
    `### ${title}`,
    '',
    table([`Whole processes, ${least === most ? '' : `${least} to `}${most} rounds`, 'median, s', 'range, s'], times),
    '',
    table(['Figure', 'value', 'goal', ''], figures),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  function line(cells: readonly string[]): string {
    return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  }
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
