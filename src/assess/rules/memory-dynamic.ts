import { formatBytes } from '../../model/units.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'memory-dynamic',
  category: 'Warning',
  label: 'Dynamic memory becomes fixed',
  about:
    'The host gives the guest more memory when it needs some and takes it back later. KubeVirt does neither: the guest has what it starts with.',
  subject: 'memory.dynamic',
  remedy: 'State the size that the guest needs at its peak with --memory.',
  check({ memory }, { options }) {
    if (memory.dynamic === undefined || options.memory !== undefined) return [];
    const { minimum, maximum } = memory.dynamic;
    const range = [
      minimum === undefined ? undefined : `at least ${formatBytes(minimum)}`,
      maximum === undefined ? undefined : `at most ${formatBytes(maximum)}`,
    ].filter((part) => part !== undefined);
    const start = memory.size === undefined ? 'its start size' : formatBytes(memory.size);
    return found(
      'memory.dynamic',
      `The guest keeps ${start}${range.length === 0 ? '' : ` (at the source ${range.join(', ')})`}. Give the size of its peak with --memory if that is more.`,
    );
  },
};
