/** What will be done to a guest and what has to be seen of it, before anything is. */
import type { BootProbe, ProofTerms } from '../../model/boot-proof.ts';
import type { ConversionPolicy, ConversionTerms, GuestScript } from '../../model/conversion.ts';
import type { VmPlan } from '../../model/plan.ts';
import { about } from '../durations.ts';
import type { Exhibit } from '../exhibit.ts';

export function plannedExhibits({ conversion, proof }: Pick<VmPlan, 'conversion' | 'proof'>): readonly Exhibit[] {
  return [
    ...(conversion === undefined ? [] : [treatment(conversion, proof !== undefined)]),
    ...(proof === undefined ? [] : [askedProof(proof)]),
  ];
}

const POLICIES: Readonly<Record<ConversionPolicy, string>> = {
  convert:
    'Policy convert: on its copied disks it is given virtio drivers and an initial RAM disk that holds them, its addresses and the names of its NICs are tied to their MAC addresses, and the tools of the old hypervisor go.',
  skip: 'Policy skip: on its copied disks it is looked for virtio drivers, without which the migration ends; nothing in it is changed.',
  compatibility: 'Policy compatibility: it stays as it is and gets SATA disks and e1000e NICs.',
  none: 'Policy none: nobody looks into it, and it gets the devices that the plan says.',
};

const MOMENTS: Readonly<Record<GuestScript['when'], string>> = {
  conversion: 'once, while it is converted',
  'first-boot': 'when it starts for the first time',
};

function treatment({ policy, root, keys, clevis, virtioWin, scripts = [] }: ConversionTerms, proven: boolean): Exhibit {
  return {
    title: 'Guest',
    lines: [
      POLICIES[policy],
      ...(root === undefined ? [] : [`Of the systems on its disks, the one on ${root} is meant.`]),
      ...(keys === undefined ? [] : [`Passphrases of encrypted volumes are read from ${keys}.`]),
      ...(clevis === undefined ? [] : [`${clevisText(clevis)} opened by Clevis, which asks its servers by network.`]),
      ...(virtioWin === undefined ? [] : [`Drivers for Windows are taken from ${virtioWin}.`]),
      ...(proven || policy === 'none' ? [] : ['Nobody looks whether it boots.']),
    ],
    head: ['Script', 'Runs'],
    rows: scripts.map(({ name, when }) => [name, MOMENTS[when]]),
  };
}

function clevisText(volumes: readonly string[]): string {
  if (volumes.includes('all')) return 'All encrypted volumes are';
  return `${volumes.join(', ')} ${volumes.length === 1 ? 'is' : 'are'}`;
}

function askedProof({ probes, deadlineSeconds }: ProofTerms): Exhibit {
  const within =
    deadlineSeconds === undefined
      ? 'within the time that its system and its processor make likely'
      : `within ${about(deadlineSeconds)}`;
  return {
    title: 'Boot proof',
    lines: [
      `It is switched on with the devices of its manifest and has to come up ${within}${probes.length === 0 ? '' : ' and to answer each probe'}; otherwise the migration fails.`,
    ],
    head: ['Probe', 'Answer'],
    rows: probes.map(probeRow),
  };
}

function probeRow(probe: BootProbe): readonly string[] {
  const card = probe.mac === undefined ? '' : ` at ${probe.mac}`;
  switch (probe.kind) {
    case 'tcp':
      return [
        `TCP port ${probe.port}${card}`,
        probe.banner === undefined ? 'takes a connection' : `greets with /${probe.banner}/`,
      ];
    case 'http':
      return [
        `HTTP port ${probe.port}${card} ${probe.path ?? '/'}`,
        `status ${probe.status ?? 200}${probe.body === undefined ? '' : `, and /${probe.body}/ is in it`}`,
      ];
    case 'script':
      return [`${probe.path}${card}`, 'ends with 0'];
  }
}
