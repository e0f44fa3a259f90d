import { onNics } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-disconnected',
  category: 'Information',
  label: 'NIC is not connected at start',
  about: 'The NIC has no link when the VM starts. It arrives with its link down.',
  subject: 'nics[].startConnected',
  remedy: 'Raise the link on the target when it is wanted.',
  check(vm) {
    return onNics(vm, 'startConnected', ({ startConnected, label }) =>
      startConnected === false
        ? `${label} starts without a link, as before. Set its state to up in the manifest if that was an oversight.`
        : undefined,
    );
  },
};
