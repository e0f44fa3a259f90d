import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'serial-port',
  kind: 'serial',
  category: 'Information',
  label: 'Serial port',
  about: 'Every VM has one serial console in KubeVirt (virtctl console). What the port was connected to at the source is lost.',
  remedy: 'Use the one serial console, or the network.',
  assess: (label) =>
    `${label} becomes the console, and a second one is lost. If a file, pipe or device was behind it, find another way.`,
});
