import type { TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'claim-exists',
  category: 'Critical',
  label: 'Claim is there already',
  about: 'The namespace has a claim of this name. It may hold data, so nothing is written over it.',
  subject: 'PersistentVolumeClaim/metadata.name',
  remedy: 'Delete it, or resume the migration that made it.',
  check({ claims, namespace, index }) {
    if (namespace === undefined || index.claims === undefined) return [];
    return claims.flatMap(({ metadata: { name } }) =>
      index.claims?.has(`${namespace}/${name}`) === true
        ? [
            {
              subject: `PersistentVolumeClaim/${name}/metadata.name`,
              assessment: `${namespace} has a claim ${name} already. Delete it if it is a leftover; resume if a migration was interrupted.`,
            },
          ]
        : [],
    );
  },
};
