import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'sound-card',
  kind: 'sound',
  category: 'Information',
  label: 'Sound card is left out',
  about: 'No sound device is set up; KubeVirt can offer one, but nobody hears a server.',
  remedy: 'Nothing, unless somebody listens.',
  assess: (label) => `${label} is left out. Add a sound device to the manifest if the guest is a desktop.`,
});
