/**
 * The least an assembler needs: a list of instructions with their bytes, and labels that are resolved at the end.
 * Each line carries its mnemonic, so that the program reads like a listing; the bytes beside it are what counts.
 */

/** A reference to a label, resolved when all addresses are known. */
interface Reference {
  readonly label: string;
  /** `abs16`: the label's address; `rel8`, `rel16`: its distance from the end of the reference. */
  readonly kind: 'abs16' | 'rel8' | 'rel16';
}

type Part = number | string | Reference;

export type Line = { readonly label: string } | { readonly text: string; readonly parts: readonly Part[] };

/** A name for the next address. */
export function label(name: string): Line {
  return { label: name };
}

/** One instruction: its mnemonic for the reader, its bytes (0–255), ASCII text and references for the machine. */
export function op(text: string, ...parts: readonly Part[]): Line {
  return { text, parts };
}

export function abs16(name: string): Reference {
  return { label: name, kind: 'abs16' };
}

export function rel8(name: string): Reference {
  return { label: name, kind: 'rel8' };
}

export function rel16(name: string): Reference {
  return { label: name, kind: 'rel16' };
}

/** Little-endian bytes of a 32-bit number. */
export function dword(value: number): readonly number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

/**
 * Turns lines into bytes that will run at `origin`.
 * @throws Error for an unknown label or a short jump that is too long: bugs of the program
 */
export function assemble(origin: number, lines: readonly Line[]): Buffer {
  const addresses = new Map<string, number>();
  let address = origin;
  for (const line of lines) {
    if ('label' in line) addresses.set(line.label, address);
    else address += line.parts.reduce<number>((sum, part) => sum + sizeOf(part), 0);
  }
  const bytes: number[] = [];
  for (const line of lines) {
    if ('label' in line) continue;
    for (const part of line.parts) bytes.push(...encode(part, origin + bytes.length, addresses));
  }
  return Buffer.from(bytes);
}

function sizeOf(part: Part): number {
  if (typeof part === 'number') return 1;
  if (typeof part === 'string') return Buffer.byteLength(part, 'latin1');
  return part.kind === 'rel8' ? 1 : 2;
}

function encode(part: Part, at: number, addresses: ReadonlyMap<string, number>): readonly number[] {
  if (typeof part === 'number') return [part];
  if (typeof part === 'string') return [...Buffer.from(part, 'latin1')];
  const target = addresses.get(part.label);
  if (target === undefined) throw new Error(`no label ${part.label}`);
  if (part.kind === 'abs16') return [target & 0xff, target >>> 8];
  const distance = target - (at + sizeOf(part));
  if (part.kind === 'rel16') return [distance & 0xff, (distance >> 8) & 0xff];
  if (distance < -128 || distance > 127) throw new Error(`${part.label} is ${distance} bytes away, too far for a short jump`);
  return [distance & 0xff];
}
