import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'nvdimm',
  category: 'Warning',
  label: 'Persistent memory module',
  about: 'The guest has a module of persistent memory. KubeVirt has none.',
  remedy: 'Move its data to a disk.',
  kind: 'nvdimm',
  assess: (label) => `${label} is lost. Move what is stored on it to a disk first.`,
});
