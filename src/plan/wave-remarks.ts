/** What people should know about waves: notes beside one, and concerns about the plan. */
import type { Concern } from '../model/concern.ts';
import type { EntanglementGroup, Wave } from '../model/estimate.ts';
import { formatBytes } from '../model/units.ts';
import type { EstimateBasis } from './figures.ts';
import type { WaveCandidate } from './wave-units.ts';

const HOUR = 3600;

export interface WaveSize {
  /** Seconds that the wave takes, and that a window has. */
  readonly length: number;
  readonly window: number;
  readonly bytes: number;
  readonly vms: number;
  readonly maxVms: number;
}

export function waveNotes(kind: Wave['kind'], { length, window, bytes, vms, maxVms }: WaveSize): readonly string[] {
  if (kind === 'pilot') return ['Few easy VMs that no other VM depends on: the first look at network, storage and time.'];
  if (kind === 'regular') return [];
  const what = vms === 1 ? 'One VM' : `${vms} VMs that stay together`;
  return [
    ...(length > window
      ? [`${what} with ${formatBytes(bytes)} to move: ${hours(length)}, where a window has ${hours(window)}.`]
      : []),
    ...(vms > maxVms ? [`${what}, where a wave may have ${maxVms}.`] : []),
  ];
}

function hours(seconds: number): string {
  return `${Math.ceil((seconds / HOUR) * 10) / 10} h`;
}

export function oversizedConcerns(waves: readonly Wave[]): readonly Concern[] {
  return waves.flatMap(({ kind, notes, vms }, index) =>
    kind === 'oversized'
      ? [
          {
            id: 'wave-oversized',
            category: 'Warning' as const,
            label: 'A wave is larger than its window',
            assessment: `${notes.join(' ')} It starts with ${vms[0]?.name ?? ''}. Plan a longer window, raise the limits, migrate warm, or undo what ties the VMs together.`,
            subject: `waves[${index}]`,
          },
        ]
      : [],
  );
}

const NAMES_SHOWN = 5;

export function outsideConcerns(groups: readonly EntanglementGroup[]): readonly Concern[] {
  return groups.flatMap(({ key, outside }, index) =>
    outside.length === 0
      ? []
      : [
          {
            id: 'group-outside-plan',
            category: 'Warning' as const,
            label: 'VMs that belong together are not all in the plan',
            assessment: `The group of ${key} is tied to ${outside.slice(0, NAMES_SHOWN).join(', ')}${outside.length > NAMES_SHOWN ? ` and ${outside.length - NAMES_SHOWN} more` : ''}, which the plan leaves out. Add them, or make sure that they can do without the VMs that leave.`,
            subject: `groups[${index}]`,
          },
        ],
  );
}

export function hostConcerns(candidates: readonly WaveCandidate[], { limits }: EstimateBasis): readonly Concern[] {
  const unknown = candidates.filter(({ host }) => host === undefined).length;
  if (limits.perHost === undefined || unknown === 0) return [];
  return [
    {
      id: 'wave-host-unknown',
      category: 'Information',
      label: 'The source host of some VMs is unknown',
      assessment: `The limit per host could not be applied to ${unknown} of ${candidates.length} VMs, so waves may take longer than predicted.`,
      subject: 'waves',
    },
  ];
}
