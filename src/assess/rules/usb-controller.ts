import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'usb-controller',
  category: 'Information',
  label: 'USB controller',
  about:
    'The VM can be given USB devices. KubeVirt has a controller for its own tablet, and devices of nodes only by way of host devices.',
  remedy: 'Nothing, unless devices are plugged in now and then.',
  kind: 'usb-controller',
  assess: (label) =>
    `${label} is replaced by KubeVirt’s own. Devices that people plug in now and then need another way, such as USB over IP.`,
});
