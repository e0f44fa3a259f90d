import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-drivers',
  category: 'Warning',
  label: 'Guest needs virtio drivers',
  about:
    'The guest system comes without virtio drivers, and nobody gives it any (--guest skip or none). It boots from a virtio disk only once they are installed; SATA disks work without. Critical where no driver exists, whatever is asked for.',
  subject: 'guest.osId',
  remedy: 'Install virtio drivers beforehand, or migrate with --guest convert or compatibility.',
  check({ platform }, { options, os, policy, inspection }) {
    if (os === undefined || !os.ahci || platform.vendor === 'kvm') return [];
    if (policy === 'compatibility' || options.devices === 'compatibility') return [];
    if (os.virtio === 'none') {
      return [
        {
          subject: 'guest.osId',
          category: 'Critical',
          assessment: `There are no virtio drivers for ${os.name}: migrate with --guest compatibility.`,
        },
      ];
    }
    // What was found in the guest says more than what its kind comes with.
    if (os.virtio !== 'installable' || policy === 'convert' || inspection !== undefined) return [];
    return [
      {
        subject: 'guest.osId',
        assessment: `${os.name} stops with an inaccessible boot device unless its virtio drivers are installed beforehand. Install them (virtio-win) at the source, migrate with --guest convert, or migrate with --guest compatibility and install them afterwards.`,
      },
    ];
  },
};
