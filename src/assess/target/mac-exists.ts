import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'mac-exists',
  category: 'Critical',
  label: 'MAC address is in use on the target',
  about: 'A VM of the cluster has the address. If both are on one network, packets of the one reach the other.',
  subject: 'nics[].mac',
  remedy: 'Remove the other VM, or give one of them another address.',
  check({ machine, namespace, index }) {
    return (machine.spec.template.spec.domain.devices?.interfaces ?? []).flatMap(({ macAddress }, position) => {
      const others =
        (macAddress === undefined ? undefined : index.macs.get(macAddress))?.filter(
          ({ namespace: where, name }) => where !== namespace || name !== machine.metadata.name,
        ) ?? [];
      const [first] = others;
      return first === undefined
        ? []
        : [
            {
              subject: `${DOMAIN}.devices.interfaces[${position}].macAddress`,
              assessment: `${first.namespace}/${first.name} has ${macAddress}${others.length > 1 ? `, and ${others.length - 1} more` : ''}. Remove it, or give one of them another address.`,
            },
          ];
    });
  },
};
