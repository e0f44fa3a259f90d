import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'binding-plugin-unregistered',
  category: 'Critical',
  label: 'Binding plugin is not registered',
  about: 'KubeVirt accepts any name of a binding plugin; one that its configuration does not register fails when the VM starts.',
  subject: 'VirtualMachine/spec.template.spec.domain.devices.interfaces[].binding',
  remedy: 'Register the plugin in the KubeVirt object, or map the network to another target.',
  check({ machine, facts }) {
    const { bindingPlugins } = facts;
    if (bindingPlugins === undefined) return [];
    return (machine.spec.template.spec.domain.devices?.interfaces ?? []).flatMap(({ binding }, position) =>
      binding === undefined || bindingPlugins.includes(binding.name)
        ? []
        : [
            {
              subject: `${DOMAIN}.devices.interfaces[${position}].binding`,
              assessment: `${binding.name} is not registered with KubeVirt: the VM would be accepted and never start.`,
            },
          ],
    );
  },
};
