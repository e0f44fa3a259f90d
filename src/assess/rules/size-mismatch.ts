import type { Rule } from '../rule.ts';

export const rule: Rule = {
  id: 'size-mismatch',
  category: 'Warning',
  label: 'File size differs from the descriptor',
  about:
    'The descriptor declares another size for a file than the file has. Some exporters write estimates; a cut-off download looks the same.',
  subject: 'packaging.sizeMismatches[]',
  remedy: 'Check that the package is whole.',
  check({ packaging }) {
    return (packaging?.sizeMismatches ?? []).map(({ file, declared, actual }, index) => ({
      subject: `packaging.sizeMismatches[${index}]`,
      assessment: `${file} has ${actual} bytes, the descriptor declares ${declared}. ${
        packaging?.manifest === undefined
          ? 'There is no manifest to tell which is right: compare with the original.'
          : 'The digest in the manifest decides which is right.'
      }`,
    }));
  },
};
