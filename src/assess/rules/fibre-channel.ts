import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'fibre-channel',
  category: 'Critical',
  label: 'Virtual Fibre Channel adapter',
  about:
    'The guest reaches LUNs of a storage array by itself, through an adapter of the old host. Those LUNs are in no disk of the VM.',
  remedy: 'Move the data of the LUNs into volumes, or attach them to the nodes.',
  kind: 'fibre-channel',
  assess: (label) => `${label}: the LUNs behind it do not come along. Copy their data to disks of the VM first.`,
});
