import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-managed-volume',
  category: 'Warning',
  label: 'Disk belongs to another manager',
  about: 'The disk is a First Class Disk or a Kubernetes volume: something else made it and may move or delete it.',
  subject: 'disks[].managedVolume',
  remedy: 'Find out who manages the volume; migrate its data with the workload that owns it.',
  check(vm) {
    return onDisks(vm, 'managedVolume', ({ managedVolume, label }) =>
      managedVolume === undefined
        ? undefined
        : `${label} is the volume ${managedVolume}. Its content is copied; the volume itself stays with its manager.`,
    );
  },
};
