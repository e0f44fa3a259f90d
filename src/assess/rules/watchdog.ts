import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'watchdog',
  category: 'Information',
  label: 'Watchdog is lost',
  about: 'A watchdog restarts a guest that hangs. None is set up on the target.',
  remedy: 'Add a watchdog (i6300esb) to the manifest if software in the guest feeds one.',
  kind: 'watchdog',
  assess: (label) =>
    `${label}: software that feeds it finds no device. Add one to the manifest where a hang must end in a restart.`,
});
