import type { TargetRule } from '../target-rule.ts';

const LABEL = 63;

export const rule: TargetRule = {
  id: 'name-too-long',
  category: 'Critical',
  label: 'Name is longer than a label',
  about:
    'KubeVirt accepts names of up to 253 characters and then hashes them in labels, so that nothing finds the VM by its name.',
  subject: 'VirtualMachine/metadata.name',
  remedy: 'Choose a name of at most 63 characters.',
  check({ machine, claims }) {
    const objects = [
      ['VirtualMachine', machine.metadata.name] as const,
      ...claims.map(({ metadata: { name } }) => [`PersistentVolumeClaim/${name}`, name] as const),
    ];
    return objects.flatMap(([path, name]) =>
      name.length > LABEL
        ? [
            {
              subject: `${path}/metadata.name`,
              assessment: `${name} has ${name.length} characters. Choose a shorter name template.`,
            },
          ]
        : [],
    );
  },
};
