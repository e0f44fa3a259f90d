import { found } from '../each-device.ts';
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

export const rule: Rule = {
  id: 'conversion-unsupported',
  category: 'Warning',
  label: 'Guest cannot be prepared automatically',
  about:
    'The converter (virt-v2v) prepares Windows and the families of Red Hat, SUSE, ALT, Debian and Ubuntu. This guest is of another kind: nobody rebuilds its boot image or removes the old tools.',
  subject: 'guest.osId',
  remedy: 'Prepare the guest by hand before the migration.',
  check(_vm, { os, options }) {
    if (os === undefined || os.generic === true || options.devices === 'compatibility' || !os.ahci) return [];
    if (os.family === 'windows' || (os.family === 'linux' && !UNCONVERTED.has(os.id))) return [];
    const advice =
      os.virtio === 'builtin'
        ? 'Its kernel has virtio drivers; make sure that they are in the boot image and that mounts go by UUID.'
        : 'Install virtio drivers by hand first, or migrate with --devices compatibility.';
    return found('guest.osId', `${os.name}: ${advice}`);
  },
};
