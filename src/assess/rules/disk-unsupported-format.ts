import type { Rule } from '../rule.ts';

/** Kinds that cannot be opened as files: host devices and redo logs of ESX itself. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  'sesparse',
  'fulldevice',
  'partitioneddevice',
  'vmfsraw',
  'vmfsrdm',
  'vmfspassthroughrawdevicemap',
  'vmfsrawdevicemap',
]);

export const rule: Rule = {
  id: 'disk-unsupported-format',
  category: 'Critical',
  label: 'Disk format cannot be read',
  about: 'The image is of a kind that makes sense on its old host only: a redo log of ESXi (seSparse) or a pointer to a device.',
  subject: 'disks[].format',
  remedy: 'Consolidate snapshots or export the VM as OVF.',
  check({ disks }) {
    return disks.flatMap(({ label, format }, index) =>
      UNSUPPORTED.has((format.variant ?? '').toLowerCase())
        ? [
            {
              subject: `disks[${index}].format`,
              assessment: `${label} is ${format.variant}. Consolidate the snapshots, or export the VM as OVF, and migrate that.`,
            },
          ]
        : [],
    );
  },
};
