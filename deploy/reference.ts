/**
 * Writes deploy/reference.md, every field of the custom resources, from their schemas: `node deploy/reference.ts`. A test fails when the page is not
 * what this would write.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Label, ObjectName } from '../src/resources/common.ts';
import { type Schema, schemaOf } from '../src/resources/definition.ts';
import { KINDS } from '../src/resources/index.ts';
import { GROUP, type Kind, VERSION } from '../src/resources/kind.ts';

export const REFERENCE = path.join(import.meta.dirname, 'reference.md');

const HEAD = `# The custom resources, field by field

\`${GROUP}/${VERSION}\`. People write the spec; the operator writes the status. A dot goes into a field, \`[]\` is each entry of a list, \`.*\` each
value of a map. What is **required** has no default; everything else may be left out. \`deploy/samples\` has whole objects, \`deploy/crds\` the
definitions for the cluster, and \`kubectl explain plan.spec\` says the same in a terminal. Conditions have the standard form: type, status (True,
False, Unknown), reason (a word for programs), message (a sentence for people), lastTransitionTime, observedGeneration.

This page is written by \`node deploy/reference.ts\` from the schemas in \`src/resources\`; do not edit it.
`;

/** Patterns that have a name. */
const NAMED: ReadonlyMap<string, string> = new Map([
  [String(schemaOf(Label)['pattern']), 'a DNS label'],
  [String(schemaOf(ObjectName)['pattern']), 'a DNS name'],
]);

interface Row {
  readonly field: string;
  readonly type: string;
  readonly fallback: string;
  readonly range: string;
  readonly meaning: string;
}

/** A rule of a schema, in the words that a person is told who breaks it. */
interface Rule {
  readonly at: string;
  readonly words: string;
}

/** The whole page. */
export function renderReference(): string {
  const contents = KINDS.map(({ kind, description }) => `- [${kind}](#${kind.toLowerCase()}): ${description}`);
  return `${[HEAD, ...contents, '', ...KINDS.map(section)].join('\n').trimEnd()}\n`;
}

function section({ kind, plural, shortNames, description, spec, status, columns }: Kind): string {
  const names = [plural, ...shortNames].map((name) => `\`${name}\``).join(', ');
  const wide = columns.map(({ name, description: about, priority }) => `${name}${priority ? ' (`-o wide`)' : ''}: ${about}`);
  return [
    `## ${kind}`,
    '',
    `${description} For \`kubectl get\`: ${names}.`,
    '',
    '### spec',
    '',
    ...table(schemaOf(spec)),
    ...(status === undefined ? [] : ['### status', '', ...table(schemaOf(status))]),
    `Columns of \`kubectl get\`. ${wide.join(' ')}`,
    '',
  ].join('\n');
}

function table(schema: Schema): readonly string[] {
  const rows = fieldRows(schema, '');
  const rules = rulesOf(schema, '');
  return [
    '| field | type | default | range | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ field, type, fallback, range, meaning }) =>
        `| ${[`\`${field}\``, type, fallback, range, meaning].map(cell).join(' | ')} |`,
    ),
    '',
    ...(rules.length === 0
      ? []
      : ['Rules:', '', ...rules.map(({ at, words }) => `- ${at === '' ? '' : `\`${at}\`: `}${words}`), '']),
  ];
}

function fieldRows(schema: Schema, at: string): readonly Row[] {
  const required = new Set(listOf(schema['required']));
  return Object.entries(partsOf(schema['properties'])).flatMap(([name, field]) => {
    const place = at === '' ? name : `${at}.${name}`;
    // They are the same everywhere, and explained once.
    const inner = name === 'conditions' ? undefined : partOf(field['items']);
    const values = partOf(field['additionalProperties']);
    return [
      {
        field: place,
        type: typeOf(field),
        fallback:
          required.has(name) && !('default' in field)
            ? '**required**'
            : 'default' in field
              ? `\`${JSON.stringify(field['default'])}\``
              : '',
        range: rangeOf(field),
        meaning: String(field['description'] ?? '').replaceAll(/[*<]/g, String.raw`\$&`),
      },
      ...fieldRows(field, place),
      ...(inner === undefined ? [] : fieldRows(inner, `${place}[]`)),
      ...(values === undefined ? [] : fieldRows(values, `${place}.*`)),
    ];
  });
}

function typeOf(field: Schema): string {
  const inner = partOf(field['items']);
  if (inner !== undefined) return `list of ${typeOf(inner)}`;
  if (partOf(field['additionalProperties']) !== undefined) return 'map';
  if (field['enum'] !== undefined) return 'one of';
  if (field['format'] === 'date-time') return 'time';
  return String(field['type'] ?? 'any');
}

function rangeOf(field: Schema): string {
  const inner = partOf(field['items']);
  const choices = listOf(field['enum']).map((choice) => `\`${choice}\``);
  const many = bounds(field['minItems'], field['maxItems'], ' entries');
  const length = field['enum'] === undefined ? bounds(positive(field['minLength']), field['maxLength'], ' characters') : '';
  // Every time has a length, and every whole number the end of its type: neither tells a person anything.
  const number = bounds(field['minimum'], field['maximum'] === Number.MAX_SAFE_INTEGER ? undefined : field['maximum'], '');
  const shape = field['pattern'];
  const pattern = typeof shape === 'string' ? (NAMED.get(shape) ?? `\`${shape}\``) : '';
  const own = field['format'] === 'date-time' ? [] : [choices.join(', '), many, length, number, pattern];
  return [...own, ...(inner === undefined ? [] : [each(rangeOf(inner))])].filter((part) => part !== '').join('; ');
}

function each(range: string): string {
  return range === '' ? '' : `each: ${range}`;
}

function bounds(least: unknown, most: unknown, unit: string): string {
  if (typeof least === 'number' && typeof most === 'number') return `${figure(least)} to ${figure(most)}${unit}`;
  if (typeof most === 'number') return `up to ${figure(most)}${unit}`;
  return typeof least === 'number' ? `${figure(least)}${unit} or more` : '';
}

function positive(least: unknown): unknown {
  return least === 0 ? undefined : least;
}

function figure(number: number): string {
  return number.toLocaleString('en-US');
}

function rulesOf(schema: Schema, at: string): readonly Rule[] {
  const own = schema['x-kubernetes-validations'];
  const here = Array.isArray(own) ? own.map(({ message }) => ({ at, words: sentence(String(message)) })) : [];
  const below = Object.entries(partsOf(schema['properties'])).flatMap(([name, field]) =>
    rulesOf(field, at === '' ? name : `${at}.${name}`),
  );
  const inner = partOf(schema['items']);
  return [...here, ...below, ...(inner === undefined ? [] : rulesOf(inner, `${at}[]`))];
}

function sentence(words: string): string {
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

/** What would end a cell, or begin markup that nobody meant. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function partsOf(value: unknown): Readonly<Record<string, Schema>> {
  return (value ?? {}) as Readonly<Record<string, Schema>>;
}

function partOf(value: unknown): Schema | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

if (import.meta.main) await writeFile(REFERENCE, renderReference());
