/**
 * Templates of names: a text with a few placeholders, nothing that is run. It holds letters, digits, dashes and each of its placeholders
 * once; whoever fills it in makes the result a DNS-1123 label.
 */

/** Placeholders by option; all of them must be there, so that names stay unique. */
const PLACEHOLDERS = { vmNames: ['{vm}'], claimNames: ['{vm}', '{disk}'], nicNames: ['{nic}'] } as const;

/** What is wrong with a template, in words for whoever wrote it; undefined when nothing is. */
export function templateFault(option: keyof typeof PLACEHOLDERS, template: string): string | undefined {
  const wanted = PLACEHOLDERS[option];
  let rest = template;
  for (const placeholder of wanted) {
    if (template.split(placeholder).length !== 2) return `${placeholder} must stand in it once`;
    rest = rest.replace(placeholder, '-');
  }
  if (!/^[a-z0-9-]*$/.test(rest)) return `only lower-case letters, digits, dashes and ${wanted.join(', ')} may stand in it`;
  // Without a sign between them `web1` and disk 2 would be `web` and disk 12.
  if (/\}\{|\{disk\}\d|\d\{disk\}/.test(template)) return 'a dash must stand between its parts';
  return undefined;
}
