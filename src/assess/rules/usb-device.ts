import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'usb-device',
  kind: 'usb-device',
  category: 'Warning',
  label: 'USB device is lost',
  about: 'A device plugged into the old host, often a licence dongle, cannot move with the VM.',
  remedy: 'Reach the device over the network.',
  assess: (label) =>
    `${label} does not exist on the target. Use a network USB server, or ask the vendor for another kind of licence.`,
});
