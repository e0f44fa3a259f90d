import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'identity-unknown',
  category: 'Information',
  label: 'SMBIOS UUID unknown',
  about: 'The guest reads a system UUID from its firmware. Where the source does not state it, KubeVirt makes up a new one.',
  subject: 'identity.biosUuid',
  remedy: 'Check licences and agents that know the VM by its UUID.',
  check({ identity }) {
    if (identity.biosUuid !== undefined) return [];
    return [
      {
        subject: 'identity.biosUuid',
        assessment: 'Licences, agents and cloud-init that know the guest by its UUID will take it for a new machine.',
      },
    ];
  },
};
