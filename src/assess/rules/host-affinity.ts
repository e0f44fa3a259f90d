import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'host-affinity',
  category: 'Warning',
  label: 'VM is tied to hosts',
  about: 'A rule ties the VM to hosts of the source or keeps it from them, often for licences or hardware.',
  subject: 'placement.hostRules',
  remedy: 'Find out why the rule exists; label nodes and add node affinity where the reason holds on the target.',
  check({ placement }) {
    return (placement?.hostRules ?? []).map(({ name, kind, mandatory, hosts }) => ({
      subject: 'placement.hostRules',
      assessment: `Rule «${name}» ${mandatory === false ? 'should' : 'must'} ${kind === 'affinity' ? 'keep the VM on' : 'keep the VM off'} ${hosts === undefined ? 'certain hosts' : hosts.join(', ')}. Add node affinity to the target where its reason still holds.`,
    }));
  },
};
