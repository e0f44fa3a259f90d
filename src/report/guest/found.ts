/** What a look into a VM's disks found before they were copied. */
import type { GuestInspection, InspectedFilesystem, InspectedSystem } from '../../model/guest-inspection.ts';
import { readiness, systemOf } from '../../model/guest-readiness.ts';
import { formatBytes } from '../../model/units.ts';
import type { Exhibit } from '../exhibit.ts';

export function foundExhibit(inspection: GuestInspection): Exhibit {
  const { systems, root, boot, tools, encrypted, nicNames } = inspection;
  const system = systemOf(inspection);
  const others = systems.filter((one) => one !== system);
  return {
    title: 'Found in the guest',
    lines: [
      system === undefined
        ? 'No system of which it is sure that it is the one that is meant.'
        : `${nameOf(system)}: ${root?.because}.`,
      ...(others.length === 0
        ? []
        : [`${system === undefined ? 'There is' : 'Besides there is'} ${others.map(nameOf).join('; ')}.`]),
      ...bootLines(boot),
      ...(system === undefined ? [] : [readyLine(inspection)]),
      ...encrypted.map(
        ({ device, kind, opened }) => `${device} is encrypted (${kind}) and ${opened ? 'was opened' : 'stayed closed'}.`,
      ),
      ...(tools.length === 0 ? [] : [`Tools: ${tools.join(', ')}.`]),
      ...(nicNames.length === 0 ? [] : [`Its network configuration names ${nicNames.join(', ')}.`]),
    ],
    head: ['File system', 'Kind', 'Mounted at', 'Size', 'Free', 'State'],
    rows: inspection.filesystems.map((one) => filesystemRow(one, system)),
  };
}

function nameOf({ product, distro = '', type, arch, root }: InspectedSystem): string {
  // A guest without os-release has only a number to tell.
  const name = product === undefined || /[a-z]/i.test(product) ? product : `${distro} ${product}`.trim();
  return `${name ?? (distro || type)}${arch === undefined ? '' : ` (${arch})`} on ${root}`;
}

function bootLines({ uefi, bios, table }: GuestInspection['boot']): readonly string[] {
  const fallback = uefi?.fallback === true ? 'with' : 'without';
  const loaders = [
    ...(uefi === undefined ? [] : [`UEFI (${uefi.device}, ${fallback} a loader that is found without stored entries)`]),
    ...(bios === true ? ['BIOS'] : []),
  ];
  return loaders.length === 0
    ? []
    : [`Boot loader for ${loaders.join(' and ')}${table === undefined ? '' : `, partition table ${table}`}.`];
}

/** The boot loader is spoken of by itself: only drivers count. */
function readyLine(inspection: GuestInspection): string {
  const { ready, because } = readiness(inspection, 'bios');
  return ready ? 'It is ready for virtio as it is.' : `It is not ready for virtio as it is: ${because.join('; ')}.`;
}

function filesystemRow(
  { device, kind, size, free, state }: InspectedFilesystem,
  system: InspectedSystem | undefined,
): readonly string[] {
  const mounted = system?.mounts.filter((mount) => mount.device === device).map(({ path }) => path) ?? [];
  const bytes = (value: number | undefined): string => (value === undefined ? '' : formatBytes(value));
  return [device, kind, mounted.join(', '), bytes(size), bytes(free), state ?? ''];
}
