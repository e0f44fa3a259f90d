import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'manifest-missing',
  category: 'Information',
  label: 'Package without manifest',
  about:
    'An OVF package may carry a manifest with a digest of each file. Without it nobody can tell whether a file was damaged on its way here.',
  subject: 'packaging.manifest',
  remedy: 'Compare the package with its publisher’s digest.',
  check({ packaging }) {
    if (packaging === undefined || packaging.manifest !== undefined) return [];
    if (packaging.kind !== 'ova' && packaging.kind !== 'ovf') return [];
    return [
      {
        subject: 'packaging.manifest',
        assessment:
          'Damage that happened before today cannot be noticed. From here on every byte is proven. If the exporter can write a manifest, export again with one.',
      },
    ];
  },
};
