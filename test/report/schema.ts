/**
 * The JSON Schema of `-o json` and `-o ndjson`, made from src/model/report-document.ts, comments included.
 * `node test/report/schema.ts` writes it to deploy/report.schema.json; a test holds the file to the types.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** JSON Schema, draft 7. */
export type Schema = Readonly<Record<string, unknown>>;

export const PUBLISHED = path.join(ROOT, 'deploy', 'report.schema.json');

/** Exactly the fields of the types: what tests hold real reports to. */
export function strictSchema(): Schema {
  const generator = createGenerator({
    path: path.join(ROOT, 'src', 'model', 'report-document.ts'),
    tsconfig: path.join(ROOT, 'tsconfig.json'),
    skipTypeCheck: true,
    additionalProperties: false,
  });
  const [report, line] = (['ReportDocument', 'VmLine'] as const).map((type) => generator.createSchema(type));
  return {
    $id: 'https://kubeferry.dev/report/v1/report.schema.json',
    title: 'kubeferry report',
    description: 'Output of `-o json`, and report.json. A line of `-o ndjson` is #/definitions/VmLine.',
    ...report,
    definitions: { ...report?.definitions, ...line?.definitions },
  };
}

/** The same for readers: later versions may add fields without a new name of the schema. */
export function publishedText(strict: Schema): string {
  return `${JSON.stringify(strict, (key, value) => (key === 'additionalProperties' && value === false ? undefined : value), 2)}\n`;
}

if (import.meta.main) await writeFile(PUBLISHED, publishedText(strictSchema()));
