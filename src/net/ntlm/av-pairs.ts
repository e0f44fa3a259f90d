/** What a server tells of itself in a challenge, and what we add to it: AV_PAIR of [MS-NLMP] 2.2.2.1. */
import { brokenToken } from './trouble.ts';

export const AV = {
  end: 0,
  computer: 1,
  flags: 6,
  timestamp: 7,
  target: 9,
  channelBindings: 10,
} as const;

export interface AvPair {
  readonly id: number;
  readonly value: Buffer;
}

const MOST_PAIRS = 32;

/** @throws MigrationError `source-answer-broken` */
export function readAvPairs(data: Buffer): readonly AvPair[] {
  const pairs: AvPair[] = [];
  for (let at = 0; at + 4 <= data.length; ) {
    const id = data.readUInt16LE(at);
    const length = data.readUInt16LE(at + 2);
    if (id === AV.end) return pairs;
    if (at + 4 + length > data.length || pairs.length === MOST_PAIRS) break;
    pairs.push({ id, value: data.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  throw brokenToken('its list of names has no end');
}

/** With the end mark. */
export function writeAvPairs(pairs: readonly AvPair[]): Buffer {
  const parts = pairs.map(({ id, value }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

export function avValue(pairs: readonly AvPair[], id: number): Buffer | undefined {
  return pairs.find((pair) => pair.id === id)?.value;
}
