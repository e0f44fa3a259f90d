import type { ControllerKind } from '../../model/vm.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

/** Controllers of old hypervisors that no Linux finds on KVM, so that its initial RAM disk may hold their drivers and no others. */
const FOREIGN: ReadonlySet<ControllerKind> = new Set(['pvscsi', 'lsilogic', 'lsisas', 'buslogic']);

export const rule: Rule = {
  id: 'guest-left-alone',
  category: 'Warning',
  label: 'Nobody prepares the guest for its new devices',
  about:
    'Nobody looks into the guest (--guest none). Linux has virtio drivers, but distributions such as Red Hat’s and SUSE’s put only those of the present machine into the initial RAM disk: on other devices the guest does not find its root.',
  subject: 'controllers',
  remedy: 'Migrate with --guest convert, or rebuild the initial RAM disk with virtio drivers at the source.',
  check({ controllers, platform }, { policy, inspection, options, os }) {
    if (policy !== 'none' || inspection !== undefined || options.devices === 'compatibility') return [];
    if (os?.family !== 'linux' || os.virtio === 'none' || platform.vendor === 'kvm') return [];
    const index = controllers.findIndex(({ kind }) => FOREIGN.has(kind));
    if (index < 0) return [];
    return found(
      'controllers',
      `${os.name} boots from a ${controllers[index]?.kind} controller, and may know no other at its start. Migrate with --guest convert, with --guest compatibility, or rebuild its initial RAM disk at the source (dracut --no-hostonly --force, update-initramfs with MODULES=most).`,
    );
  },
};
