/** Bytes a second as people write them. */
import { GiB, KiB, MiB } from './units.ts';

/** Bytes or bits in one unit: networks are sold in bits, storage in bytes. */
const UNITS: Readonly<Record<string, number>> = {
  kbit: 1e3 / 8,
  Mbit: 1e6 / 8,
  Gbit: 1e9 / 8,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB,
  MiB,
  GiB,
};

/** Reads `10Gbit`, `50 MB/s`, `400MiB`, `1.5 GB/s`: whole bytes a second, at least 1; undefined when it is no rate. */
export function parseByteRate(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?) ?(kbit|Mbit|Gbit|[kMG]B|[KMG]iB)(?:\/s)?$/.exec(text);
  const rate = Math.round(Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN));
  return rate >= 1 ? rate : undefined;
}
