import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-os-unbootable',
  category: 'Critical',
  label: 'No bus that this guest can boot from',
  about: 'The guest system has a driver neither for virtio nor for SATA (AHCI) in the box, and KubeVirt has no IDE bus.',
  subject: 'guest.osId',
  remedy: 'Test the boot early, or leave the VM where it is.',
  check(_vm, { os }) {
    if (os === undefined || os.ahci) return [];
    const advice =
      os.virtio === 'none'
        ? 'No virtio drivers exist for it: plan a new installation, or leave it where it is.'
        : 'Install the virtio or an AHCI driver at the source before the migration.';
    return [{ subject: 'guest.osId', assessment: `${os.name} will not find its disk. ${advice}` }];
  },
};
