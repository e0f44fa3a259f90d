import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

/** VIRTIO_BLK_ID_BYTES (virtio 1.3, section 5.2.6). */
const VIRTIO_SERIAL = 20;

export const rule: Rule = {
  id: 'disk-serial-cut',
  category: 'Information',
  label: 'Serial number is cut',
  about:
    'Through virtio a guest reads the first 20 characters of a disk’s serial number. What the guest has been told is longer.',
  subject: 'disks[].serial',
  remedy: 'Look for rules in the guest (udev, multipath, cluster) that name disks by serial number.',
  check(vm, { options }) {
    if (options.devices === 'compatibility') return [];
    return onDisks(vm, 'serial', ({ serial, label }) =>
      serial !== undefined && serial.replaceAll(/[^A-Za-z0-9_.+-]/g, '').length > VIRTIO_SERIAL
        ? `The guest reads the first ${VIRTIO_SERIAL} characters of ${label}’s. Links in /dev/disk/by-id get other names.`
        : undefined,
    );
  },
};
