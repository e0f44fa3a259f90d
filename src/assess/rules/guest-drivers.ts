import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-drivers',
  category: 'Warning',
  label: 'Guest needs virtio drivers',
  about:
    'The guest system comes without virtio drivers. It boots from a virtio disk only once they are installed; SATA disks work without. Critical where no driver exists.',
  subject: 'guest.osId',
  remedy: 'Install virtio drivers beforehand, or migrate with --devices compatibility.',
  check({ platform }, { options, os }) {
    if (os === undefined || !os.ahci || platform.vendor === 'kvm' || options.devices === 'compatibility') return [];
    if (os.virtio === 'none') {
      return [
        {
          subject: 'guest.osId',
          category: 'Critical',
          assessment: `There are no virtio drivers for ${os.name}: migrate with --devices compatibility.`,
        },
      ];
    }
    if (os.virtio !== 'installable') return [];
    return [
      {
        subject: 'guest.osId',
        assessment: `${os.name} stops with an inaccessible boot device unless its virtio drivers are installed beforehand. Install them (virtio-win) at the source, or migrate with --devices compatibility and install them afterwards.`,
      },
    ];
  },
};
