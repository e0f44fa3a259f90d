/** Cells → values. A workbook stores numbers as numbers; a CSV file, and a workbook that people edited, as the text of some locale. */
import { type Bytes, MiB } from '../../src/model/units.ts';
import type { Cell } from './workbook.ts';

/** Trimmed text, undefined when there is none. */
export function text(cell: Cell): string | undefined {
  return cell === undefined ? undefined : String(cell).trim() || undefined;
}

/**
 * A number as any locale writes it: `40960`, `40,960`, `40.960,5`, `40 960`, `40'960`. With one kind of separator that appears once and has
 * three digits behind it, the separator is one of thousands: everything that is read here is a whole number to RVTools.
 */
export function number(cell: Cell): number | undefined {
  if (typeof cell === 'number') return cell;
  if (typeof cell !== 'string') return undefined;
  const digits = cell.trim().replaceAll(/(?<=\d)[\s'’](?=\d{3})/g, '');
  if (!/^-?\d[\d.,]*$/.test(digits)) return undefined;
  const point = decimalPoint(digits);
  const whole = point < 0 ? digits : digits.slice(0, point);
  const value = Number(`${whole.replaceAll(/[.,]/g, '')}.${point < 0 ? '0' : digits.slice(point + 1)}`);
  return Number.isFinite(value) ? value : undefined;
}

/** Index of the decimal separator, -1 when there is none. */
function decimalPoint(digits: string): number {
  const last = Math.max(digits.lastIndexOf('.'), digits.lastIndexOf(','));
  if (last < 0) return -1;
  const mark = digits.charAt(last);
  const several = digits.indexOf(mark) !== last;
  const other = digits.includes(mark === ',' ? '.' : ',');
  if (several) return -1;
  if (other) return last;
  return digits.length - last - 1 === 3 && !/^-?0/.test(digits) ? -1 : last;
}

/** A count: a whole number from 0 up. */
export function count(cell: Cell): number | undefined {
  const value = number(cell);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Mebibytes → bytes. RVTools before 4.0 wrote MB above the same binary numbers. Negative (`-1` is «unlimited») is undefined. */
export function mebibytes(cell: Cell): Bytes | undefined {
  const value = number(cell);
  if (value === undefined || value < 0) return undefined;
  const bytes = Math.round(value * MiB);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Excel translates booleans when it saves a sheet as CSV. */
const TRUE = new Set(['true', 'yes', '1', 'wahr', 'vrai', 'verdadero', 'verdadeiro', 'vero', 'waar']);
const FALSE = new Set(['false', 'no', '0', 'falsch', 'faux', 'falso', 'onwaar']);

export function flag(cell: Cell): boolean | undefined {
  if (typeof cell === 'boolean') return cell;
  const word = text(cell)?.toLowerCase();
  if (word === undefined) return undefined;
  return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
}

/** Several values in one cell: `10.0.0.5, fe80::1`. */
export function list(cell: Cell): readonly string[] {
  return (
    text(cell)
      ?.split(/[\s,;]+/)
      .filter((item) => item !== '') ?? []
  );
}
