/** A look at a screenshot (PPM, as qemu writes it) without understanding it: how much of one colour it is, and how much it changed. Pure. */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** The commonest colour as 0xRRGGBB, and its share of the picture, 0–1. */
  readonly colour: number;
  readonly share: number;
  /** Every SAMPLED-th pixel. */
  readonly sample: Uint32Array;
}

const SAMPLED = 7;

/** Undefined when it is not a binary PPM of 8 bits a colour. */
export function readPicture(ppm: Buffer): Picture | undefined {
  const header = /^P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(ppm.subarray(0, 32).toString('latin1'));
  if (header === null) return undefined;
  const [width, height, start] = [Number(header[1]), Number(header[2]), header[0].length];
  const pixels = width * height;
  if (pixels === 0 || ppm.length < start + pixels * 3) return undefined;
  const sample = new Uint32Array(Math.ceil(pixels / SAMPLED));
  const counts = new Map<number, number>();
  let colour = 0;
  for (let index = 0; index < sample.length; index += 1) {
    const value = ppm.readUIntBE(start + index * SAMPLED * 3, 3);
    sample[index] = value;
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > (counts.get(colour) ?? 0)) colour = value;
  }
  return { width, height, colour, share: (counts.get(colour) ?? 0) / sample.length, sample };
}

/** The share of a picture that differs from an earlier one, 0–1; 1 when the size changed. */
export function difference(earlier: Picture, later: Picture): number {
  if (earlier.width !== later.width || earlier.height !== later.height) return 1;
  let changed = 0;
  for (const [index, value] of later.sample.entries()) if (value !== earlier.sample[index]) changed += 1;
  return changed / later.sample.length;
}
