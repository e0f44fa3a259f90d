import { readiness } from '../../model/guest-readiness.ts';
import { found } from '../each-device.ts';
import { firmwareOf } from '../inspected.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'guest-not-ready',
  category: 'Critical',
  label: 'Guest is not ready without a conversion',
  about:
    'The guest is to be left as it is because it has virtio drivers (--guest skip). It lacks one, its initial RAM disk does, or its boot loader would not be found: the migration would end after everything has been copied.',
  subject: 'inspection.drivers',
  remedy: 'Migrate with --guest convert, or with --guest compatibility.',
  check({ firmware }, { policy, options, inspection }) {
    if (policy !== 'skip' || inspection === undefined) return [];
    const { ready, because } = readiness(inspection, firmwareOf({ firmware, options, inspection }));
    return found(
      'inspection.drivers',
      ready ? undefined : `It is not ready: ${because.join('; ')}. Say --guest convert, or --guest compatibility.`,
    );
  },
};
