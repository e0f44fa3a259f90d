import { found } from '../each-device.ts';
import { type TargetRule, TEMPLATE } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'eviction-without-sharing',
  category: 'Warning',
  label: 'VM blocks node drains',
  about:
    'LiveMigrate is accepted for a VM whose volumes only one node can use. It cannot move, so draining its node waits for ever.',
  subject: 'VirtualMachine/spec.template.spec.evictionStrategy',
  remedy: 'Use LiveMigrateIfPossible, or ReadWriteMany volumes.',
  check({ machine, claims }) {
    if (machine.spec.template.spec.evictionStrategy !== 'LiveMigrate') return [];
    const alone = claims.filter(({ spec }) => !spec.accessModes.includes('ReadWriteMany')).map(({ metadata }) => metadata.name);
    return found(
      `${TEMPLATE}.evictionStrategy`,
      alone.length === 0 ? undefined : `${alone.join(', ')} can be used by one node at a time. Use LiveMigrateIfPossible.`,
    );
  },
};
