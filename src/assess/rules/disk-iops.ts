import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-iops',
  category: 'Information',
  label: 'Limits of a disk are not kept',
  about: 'The source holds back or guarantees operations a second. On the target that is a matter of the storage class.',
  subject: 'disks[].iopsLimit',
  remedy: 'Choose a class with a quality of service where it matters.',
  check(vm) {
    return [
      ...onDisks(vm, 'iopsLimit', ({ iopsLimit, label }) =>
        iopsLimit !== undefined && iopsLimit > 0
          ? `${label} had at most ${iopsLimit} operations a second; now it competes freely.`
          : undefined,
      ),
      ...onDisks(vm, 'iopsReservation', ({ iopsReservation, label }) =>
        iopsReservation !== undefined && iopsReservation > 0
          ? `${label} was promised ${iopsReservation} operations a second; nobody promises them now.`
          : undefined,
      ),
    ];
  },
};
