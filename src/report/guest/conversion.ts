/** What was done to a guest on its copied disks. */
import type { Accelerator, AgentState, ConversionChange, GuestOutcome } from '../../model/conversion.ts';
import { formatBytes } from '../../model/units.ts';
import { about } from '../durations.ts';
import type { Exhibit } from '../exhibit.ts';

const ACCELERATORS: Readonly<Record<Accelerator, string>> = {
  kvm: 'hardware virtualisation (kvm)',
  tcg: 'an emulated processor (tcg)',
};

const AGENTS: Readonly<Record<AgentState, string>> = {
  present: 'The QEMU guest agent is in it.',
  announced: 'The QEMU guest agent is installed at its first boot, where it reaches its packages then.',
  absent: 'It has no QEMU guest agent: the cluster does not learn its addresses from it, nor what it is.',
};

const SUBJECTS: readonly ConversionChange['subject'][] = ['system', 'boot', 'network', 'tools'];

export function conversionExhibit(outcome: GuestOutcome): Exhibit {
  const { policy, converter, guest = 'A system of unknown name', accelerator, changes, warnings, agent } = outcome;
  const by = `with ${ACCELERATORS[accelerator]}`;
  return {
    title: policy === 'convert' ? 'Conversion' : 'Look into the guest',
    lines: [
      policy === 'convert'
        ? `${guest}: converted by ${converter ?? 'an unnamed converter'} ${by}.`
        : `${guest}: looked into ${by}. It has virtio drivers; nothing was converted.`,
      ...timeLines(outcome),
      ...(agent === undefined ? [] : [AGENTS[agent]]),
      ...outcome.disks.map(({ disk, changed }) => `Disk ${disk}: ${formatBytes(changed)} written.`),
    ],
    head: ['About', 'Change', 'File'],
    rows: [
      ...SUBJECTS.flatMap((subject) => changes.filter((change) => change.subject === subject)).map((change) => [
        change.subject,
        change.what,
        change.file ?? '',
      ]),
      ...warnings.map((warning) => ['warning', warning, '']),
    ],
  };
}

function timeLines({ seconds }: GuestOutcome): readonly string[] {
  if (seconds.length === 0) return [];
  const total = seconds.reduce((sum, phase) => sum + phase.seconds, 0);
  return [`It took ${about(total)}: ${seconds.map((each) => `${each.phase} ${each.seconds.toFixed(1)} s`).join(', ')}.`];
}
