import { systemOf } from '../../model/guest-readiness.ts';
import { type Bytes, formatBytes, MiB } from '../../model/units.ts';
import type { GuestFilesystem } from '../../model/vm.ts';
import { mountedBy } from '../inspected.ts';
import type { Finding, Rule, Surroundings } from '../rule.ts';

const READ_ONLY: ReadonlySet<string> = new Set(['iso9660', 'udf', 'squashfs', 'CDFS', 'UDF']);

/** As the manual of virt-v2v 2.10 states them («Free space in the guest»). */
function neededFor(path: string): Bytes {
  if (path === '/' || /^C:/i.test(path)) return 100 * MiB;
  return path === '/boot' ? 50 * MiB : 10 * MiB;
}

export const rule: Rule = {
  id: 'guest-free-space',
  category: 'Critical',
  label: 'Too little room for the conversion',
  about:
    'The converter (virt-v2v) writes drivers and a new initial RAM disk into the guest and refuses to begin with less than 100 MiB free on / or C:, 50 MiB on /boot and 10 MiB on any other file system, and with less than 100 inodes.',
  subject: 'guest.filesystems[]',
  remedy: 'Make room in the guest.',
  check({ guest }, { policy, inspection }) {
    if (policy !== 'convert') return [];
    if (inspection !== undefined) return inspected(inspection);
    return (guest.filesystems ?? []).flatMap((filesystem, index) => judged(filesystem, `guest.filesystems[${index}].free`));
  },
};

function inspected(inspection: NonNullable<Surroundings['inspection']>): readonly Finding[] {
  const system = systemOf(inspection);
  if (system === undefined) return [];
  return mountedBy(system, inspection).flatMap((filesystem) => {
    const index = inspection.filesystems.findIndex(({ device }) => device === filesystem.device);
    return judged(filesystem, `inspection.filesystems[${index}].free`);
  });
}

function judged({ path, free, kind }: Pick<GuestFilesystem, 'path' | 'free' | 'kind'>, subject: string): readonly Finding[] {
  if (free === undefined || READ_ONLY.has(kind ?? '')) return [];
  const needed = neededFor(path);
  if (free >= needed) return [];
  return [
    {
      subject,
      assessment: `${path} has ${formatBytes(free)} free and needs ${formatBytes(needed)}. Make room in the guest before the migration.`,
    },
  ];
}
