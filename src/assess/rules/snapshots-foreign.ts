import { isOurSnapshot } from '../../model/our-snapshots.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'snapshots-foreign',
  category: 'Warning',
  label: 'Checkpoints of a backup or a replication',
  about: 'Recovery and replica checkpoints belong to another product that may be at work right now, or has left them behind.',
  subject: 'snapshots.list',
  remedy: 'Let the backup finish, or remove what it left behind, before the migration.',
  check({ snapshots }) {
    const foreign = (snapshots.list ?? []).filter(
      ({ kind, name }) => (kind === 'recovery' || kind === 'replica') && !isOurSnapshot(name),
    );
    return found(
      'snapshots.list',
      foreign.length === 0
        ? undefined
        : `${foreign.map(({ name }) => name).join(', ')}: let the product that made it finish, or clean up after it.`,
    );
  },
};
