import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-network-unknown',
  category: 'Warning',
  label: 'Network of a NIC unknown',
  about: 'The source does not say which network the NIC is on, so a network map cannot name it.',
  subject: 'nics[].network',
  remedy: 'Correct the network in the manifest.',
  check({ nics }) {
    return nics.flatMap(({ label, network }, index) =>
      network === undefined
        ? [
            {
              subject: `nics[${index}].network`,
              assessment: `${label} goes to the pod network if that is free and is left out otherwise. Correct the network in the manifest.`,
            },
          ]
        : [],
    );
  },
};
