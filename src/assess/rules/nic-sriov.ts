import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'nic-sriov',
  category: 'Warning',
  label: 'SR-IOV NIC',
  about:
    'The NIC was a slice of a physical one. On the target it becomes a virtual NIC unless the nodes offer SR-IOV and the manifest is changed to use it.',
  subject: 'nics[].model',
  remedy: 'Use an SR-IOV network on the target where throughput matters.',
  check({ nics }) {
    return nics.flatMap(({ label, model }, index) =>
      model === 'sriov'
        ? [
            {
              subject: `nics[${index}].model`,
              assessment: `${label} becomes an ordinary NIC: expect less throughput. Change it to sriov in the manifest where the cluster has the operator.`,
            },
          ]
        : [],
    );
  },
};
