import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'device-unknown',
  kind: 'other',
  category: 'Information',
  label: 'Device without a counterpart',
  about: 'The source lists a device that has no place on the target.',
  remedy: 'Find out what the guest uses it for.',
  assess: (label) => `${label} is left out. Make sure that the guest can do without it.`,
});
