import type { InspectedSystem } from '../../model/guest-inspection.ts';
import { systemOf } from '../../model/guest-readiness.ts';
import { found } from '../each-device.ts';
import { systemText } from '../inspected.ts';
import type { Rule } from '../rule.ts';

/** Linux distributions of the catalogue that virt-v2v 2.10 has no conversion for. */
const UNCONVERTED: ReadonlySet<string> = new Set([
  'alpine',
  'arch',
  'gentoo',
  'photon',
  'coreos',
  'amazon-linux',
  'amazon-linux-2',
  'linux-2.4',
]);

/** Those that it has one for, in the words of libguestfs; derivatives that call themselves like their parents among them. */
const CONVERTED: ReadonlySet<string> = new Set([
  ...['fedora', 'rhel', 'centos', 'circle', 'rocky', 'almalinux', 'scientificlinux', 'redhat-based', 'oraclelinux'],
  ...['sles', 'suse-based', 'opensuse', 'altlinux', 'debian', 'ubuntu', 'linuxmint', 'kalilinux'],
]);

export const rule: Rule = {
  id: 'conversion-unsupported',
  category: 'Critical',
  label: 'Guest cannot be converted',
  about:
    'The guest is to be converted, and the converter (virt-v2v) knows Windows and the families of Red Hat, SUSE, ALT, Debian and Ubuntu only. This guest is of another kind: the migration would end after everything has been copied.',
  subject: 'guest.osId',
  remedy: 'Prepare the guest by hand and migrate with --guest skip or none, or migrate with --guest compatibility.',
  check(_vm, { os, policy, inspection }) {
    if (policy !== 'convert') return [];
    const system = inspection && systemOf(inspection);
    if (system !== undefined)
      return found('inspection.systems', isConverted(system) ? undefined : `${systemText(system)}: ${ADVICE}`);
    if (os === undefined || os.generic === true || !os.ahci) return [];
    if (os.family === 'windows' || (os.family === 'linux' && !UNCONVERTED.has(os.id))) return [];
    const ready = os.family === 'linux' ? '--guest skip' : '--guest none';
    const advice =
      os.virtio === 'builtin'
        ? `the converter does not know it. Its kernel has virtio drivers: make sure that they are in the boot image and that mounts go by UUID, and migrate with ${ready}.`
        : ADVICE;
    return found('guest.osId', `${os.name}: ${advice}`);
  },
};

const ADVICE =
  'the converter does not know it. Install virtio drivers by hand and migrate with --guest none, or migrate with --guest compatibility.';

function isConverted({ type, distro }: InspectedSystem): boolean {
  return type === 'windows' || (type === 'linux' && distro !== undefined && CONVERTED.has(distro));
}
