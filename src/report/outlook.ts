/** What a VM waits for, in words: `next precopy 14:05, cutover 22:00 (the first time at which it can end), predicted downtime 48 s (40 s to 75 s)`. */
import type { Outlook } from '../model/precopy.ts';
import { spreadText } from './durations.ts';

/** @param when words for an instant (ISO 8601), as the reader wants them */
export function outlookText({ next, at, because, cutoverAt, cutoverBecause, downtime }: Outlook, when: TimeText): string {
  const due = at === undefined ? '' : ` ${when(at)}`;
  const alone = next === 'cutover' || next === 'commit';
  return [
    next === 'cutover' && at !== undefined ? `cutover${due} (${because})` : `${WAITS[next]}${due} (${because})`,
    ...(cutoverAt !== undefined && !alone ? [`cutover ${when(cutoverAt)}`] : []),
    ...(cutoverAt === undefined && cutoverBecause !== undefined && !alone ? [`no cutover yet: ${cutoverBecause}`] : []),
    ...(downtime === undefined ? [] : [`predicted downtime ${spreadText(downtime.seconds)}`]),
    ...(downtime?.converges === false ? ['does not converge'] : []),
  ].join(', ');
}

export type TimeText = (instant: string) => string;

const WAITS: Readonly<Record<Outlook['next'], string>> = {
  start: 'starts',
  precopy: 'next precopy',
  cutover: 'waits for its cutover',
  group: 'waits for its group',
  commit: 'waits to be committed',
};

/** `2026-11-22 14:05 UTC`, the same wherever it is read. */
export function instantText(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}
