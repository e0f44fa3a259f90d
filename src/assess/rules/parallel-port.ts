import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'parallel-port',
  kind: 'parallel',
  category: 'Warning',
  label: 'Parallel port is lost',
  about: 'KubeVirt has no parallel ports.',
  remedy: 'Reach the device over the network.',
  assess: (label) => `${label} does not exist on the target. Printers and dongles behind it need another connection.`,
});
