/** Cells of status tables. */
import { formatBytes } from '../../model/units.ts';
import { about } from '../durations.ts';

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `█████▍    ` */
export function bar(percent: number, width: number): string {
  const eighths = Math.round((Math.min(100, Math.max(0, percent)) / 100) * width * 8);
  const full = Math.floor(eighths / 8);
  const drawn = `${'█'.repeat(full)}${EIGHTHS[eighths % 8]}`;
  return drawn + '░'.repeat(Math.max(0, width - [...drawn].length));
}

export function percentOf(done: number, total: number): number {
  return total === 0 ? 0 : Math.min(100, Math.floor((100 * done) / total));
}

/** Empty where it is not known. */
export function rateCell(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined || bytesPerSecond < 1 ? '' : `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

export function leftCell(seconds: number | undefined): string {
  return seconds === undefined ? '' : about(seconds);
}

/** Cut to `width` code points, with an ellipsis where something is missing. */
export function clip(text: string, width: number): string {
  const points = [...text];
  return points.length <= width ? text : `${points.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** `3 running, 1 failed`; words without any are left out. */
export function counts(all: readonly (readonly [word: string, number: number])[]): string {
  return all
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${number.toLocaleString('en-US')} ${word}`)
    .join(', ');
}
