/** What happens in one run, by its seed. Plain data, so that a failed run can be told and played again. */

import type { Schedule } from '../../../src/model/schedule.ts';
import { randomWords } from '../../demo/guest/disk.ts';
import type { Trouble } from '../../peers/vcenter/troubles.ts';

const MiB = 1024 * 1024;

export interface WarmStory {
  readonly seed: number;
  /** Bytes of each disk. */
  readonly disks: readonly number[];
  /** The guest writes before every n-th request. */
  readonly writeEvery: number;
  readonly tracked: boolean;
  readonly tools: boolean;
  readonly schedule: Schedule;
  /** A person cuts over after so many passes. */
  readonly wordAfter?: number;
  readonly kinds: readonly string[];
  /** Troubles at most. */
  readonly troubles: number;
  /** Milliseconds after its start at which a process is killed; one process each. */
  readonly kills: readonly number[];
  /** Somebody's fault at the target, in the first process that gets so far. */
  readonly fails: boolean;
}

/** What may befall a VM that is migrated, and must not cost a byte. */
export const VCENTER_TROUBLES: readonly Trouble[] = [
  'tracking-reset',
  'tracking-off',
  'snapshot-fails',
  'removal-unmerged',
  'consolidation-fails',
  'power-on-fails',
  'sessions-expire',
  'outage',
  'vmotion',
  'storage-vmotion',
  'storage-vmotion-kept',
  'backup-begins',
  'backup-ends',
  'reverted',
  'our-snapshot-removed',
  'disk-grown',
  'disk-added',
  'disk-removed',
  'guest-shuts-down',
  'power-cut',
  'tools-stop',
  'burst',
];

/** @param troubles that the source knows */
export function storyOf(seed: number, troubles: readonly string[]): WarmStory {
  const next = randomWords(seed * 7919 + 13);
  const below = (count: number): number => next() % count;
  const byWord = below(3) === 0;
  const kinds = troubles.filter(() => below(3) === 0);
  return {
    seed,
    disks: Array.from({ length: 1 + below(3) }, () => (1 + below(4)) * MiB + (below(2) === 0 ? 0 : 4096)),
    writeEvery: 2 + below(6),
    tracked: below(3) !== 0,
    tools: below(6) !== 0,
    schedule: {
      cutover: byWord ? { kind: 'manual' } : scheduleOf(below(2)),
      blackouts: [],
      ...(below(2) === 0 && { precopyEvery: 600 * (2 + below(20)) }),
    },
    ...(byWord && { wordAfter: 1 + below(4) }),
    kinds,
    troubles: kinds.length === 0 ? 0 : below(4),
    kills: Array.from({ length: below(3) }, () => 250 + below(1800)),
    fails: below(6) === 0,
  };
}

function scheduleOf(which: number): Schedule['cutover'] {
  if (which === 0) return { kind: 'when-ready' };
  return { kind: 'windows', windows: [{ cron: '30 2,14 * * *', minutes: 60, timeZone: 'Europe/Berlin' }] };
}
