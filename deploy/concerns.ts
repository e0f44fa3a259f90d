/**
 * Writes deploy/concerns.md, the catalogue of all concerns, from the rules themselves: `node deploy/concerns.ts`. A test fails when the
 * page is not what this would write.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MAPPING_CONCERNS } from '../mappings/concerns.ts';
import { type CatalogueEntry, type CatalogueSection, catalogue } from '../src/assess/catalogue.ts';

export const PAGE = path.join(import.meta.dirname, 'concerns.md');

const HEAD = `# Concerns

What kubeferry may have to say about a VM, a map or a plan. **Critical**: a migration would lose or break something. **Warning**:
something changes. **Information**: good to know. A single case can be graver or lighter than its rule; the meaning says when.
\`--fail-on\` makes the exit code depend on them.

This page is written by \`node deploy/concerns.ts\` from the rules in \`src/assess\` and \`mappings/concerns.ts\`; do not edit it.
`;

/** The whole page. */
export function renderConcerns(): string {
  const decided = Object.entries(MAPPING_CONCERNS).map(([id, words]) => ({ id, ...words }));
  const sections = catalogue(decided);
  const count = sections.reduce((sum, { entries }) => sum + entries.length, 0);
  const contents = sections.map(({ title, entries }) => `- [${title}](#${anchor(title)}): ${entries.length}`);
  return `${[HEAD, `${count} concerns:`, '', ...contents, '', ...sections.map(renderSection)].join('\n').trimEnd()}\n`;
}

function renderSection({ title, entries }: CatalogueSection): string {
  return `## ${title}\n\n${entries.map(renderEntry).join('\n')}`;
}

function renderEntry({ id, category, label, about, subject, remedy, source }: CatalogueEntry): string {
  return [
    `### ${id}`,
    '',
    `**${category}: ${label}**`,
    '',
    about,
    '',
    `- What to do: ${remedy}`,
    `- Subject: \`${subject}\``,
    `- Fact: ${source}`,
    '',
  ].join('\n');
}

/** As GitHub makes it. */
function anchor(title: string): string {
  return title.toLowerCase().replaceAll(' ', '-');
}

if (import.meta.main) await writeFile(PAGE, renderConcerns());
