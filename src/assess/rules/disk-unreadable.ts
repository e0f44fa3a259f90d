import { onDisks } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'disk-unreadable',
  category: 'Critical',
  label: 'Source cannot look at a disk',
  about:
    'The host of the VM cannot open an image of the disk: its file is gone, or lies on a server that the login is not passed on to. Neither its size nor its kind is known.',
  subject: 'disks[].unreadable',
  remedy:
    'Bring the file back; for files on a file server let the host pass the login on (delegation), and read the source again.',
  check(vm) {
    return onDisks(vm, 'unreadable', ({ unreadable, label }) =>
      unreadable === undefined
        ? undefined
        : `${label}: ${unreadable} Make sure that the file exists and that this login may open it from the host.`,
    );
  },
};
