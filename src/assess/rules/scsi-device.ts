import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'scsi-device',
  category: 'Warning',
  label: 'SCSI device passed through',
  about: 'A tape drive or another device of the old host is given to the guest.',
  remedy: 'Reach the device over the network (iSCSI), or keep the VM.',
  kind: 'scsi-device',
  assess: (label) => `${label} is lost. Tape libraries and the like can be reached by iSCSI.`,
});
