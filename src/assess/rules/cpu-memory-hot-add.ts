import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cpu-memory-hot-add',
  category: 'Information',
  label: 'Hot-add works in another way',
  about:
    'Processors and memory can be added while the VM runs. KubeVirt does so by a live migration, from memory of 1 GiB on and as far as the head room reaches; taking away needs a restart.',
  subject: 'cpu.hotAdd',
  remedy: 'Nothing, unless hot-remove or live migration on the target matters.',
  check({ cpu, memory }) {
    return [
      ...found(
        'cpu.hotAdd',
        cpu.hotAdd === true
          ? 'Head room for further sockets is planned. Adding them on the target moves the VM to another node or pod, so its disks must allow live migration.'
          : undefined,
      ),
      ...found(
        'cpu.hotRemove',
        cpu.hotRemove === true ? 'Processors can be taken away on the target only by a restart.' : undefined,
      ),
      ...found(
        'memory.hotAdd',
        memory.hotAdd === true
          ? 'From 1 GiB on, head room for more memory is planned. Adding it on the target needs live migration.'
          : undefined,
      ),
    ];
  },
};
