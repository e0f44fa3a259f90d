import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'floppy',
  kind: 'floppy',
  category: 'Warning',
  label: 'Floppy drive is lost',
  about: 'KubeVirt has no floppy drives.',
  remedy: 'Copy what is on it into the guest.',
  assess: (label) =>
    `${label} does not exist on the target. If the guest reads a file from it at boot, put the file on the disk first.`,
});
