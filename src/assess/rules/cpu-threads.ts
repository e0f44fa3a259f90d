import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'cpu-threads',
  category: 'Information',
  label: 'Hardware threads become cores',
  about: 'The guest is shown two threads a core. On the target it sees whole cores, as many as it had threads.',
  subject: 'cpu.threadsPerCore',
  remedy: 'Check licences that count cores.',
  check({ cpu }) {
    const threads = cpu.threadsPerCore ?? 1;
    return found(
      'cpu.threadsPerCore',
      threads > 1
        ? `${threads} threads a core become ${threads} cores: software that is licensed by core counts more of them.`
        : undefined,
    );
  },
};
