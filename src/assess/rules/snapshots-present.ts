import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'snapshots-present',
  category: 'Warning',
  label: 'Snapshots stay behind',
  about: 'Snapshots of the source do not move; only the present state does.',
  subject: 'snapshots.count',
  remedy: 'Keep the source until nobody needs the snapshots, or delete them beforehand.',
  check({ snapshots }) {
    const count = snapshots.count ?? 0;
    if (count === 0) return [];
    return [
      {
        subject: 'snapshots.count',
        assessment: `Snapshots that stay behind: ${count}. Keep the source until nobody needs them, or delete them beforehand: the copy is quicker then.`,
      },
    ];
  },
};
