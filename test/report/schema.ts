/**
 * The JSON Schemas of `-o json` and `-o ndjson`, and of `verify -o json`, made from src/model/report-document.ts and verification.ts, comments
 * included. `node test/report/schema.ts` writes them to deploy/; tests hold the files to the types.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createGenerator, type SchemaGenerator } from 'ts-json-schema-generator';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** JSON Schema, draft 7. */
export type Schema = Readonly<Record<string, unknown>>;

export const PUBLISHED = path.join(ROOT, 'deploy', 'report.schema.json');
export const PUBLISHED_VERIFICATION = path.join(ROOT, 'deploy', 'verification.schema.json');

/** Exactly the fields of the types: what tests hold real reports to. */
export function strictSchema(): Schema {
  const generator = generatorOf('report-document.ts');
  const [report, line] = (['ReportDocument', 'VmLine'] as const).map((type) => generator.createSchema(type));
  return {
    $id: 'https://kubeferry.dev/report/v1/report.schema.json',
    title: 'kubeferry report',
    description: 'Output of `-o json`, and report.json. A line of `-o ndjson` is #/definitions/VmLine.',
    ...report,
    definitions: { ...report?.definitions, ...line?.definitions },
  };
}

/** Of the output of `verify -o json`. */
export function verificationSchema(): Schema {
  return {
    $id: 'https://kubeferry.dev/verification/v1/verification.schema.json',
    title: 'kubeferry verification',
    description: 'Output of `kubeferry verify -o json`.',
    ...generatorOf('verification.ts').createSchema('Verification'),
  };
}

function generatorOf(file: string): SchemaGenerator {
  return createGenerator({
    path: path.join(ROOT, 'src', 'model', file),
    tsconfig: path.join(ROOT, 'tsconfig.json'),
    skipTypeCheck: true,
    additionalProperties: false,
  });
}

/** The same for readers: later versions may add fields without a new name of the schema. */
export function publishedText(strict: Schema): string {
  return `${JSON.stringify(strict, (key, value) => (key === 'additionalProperties' && value === false ? undefined : value), 2)}\n`;
}

if (import.meta.main) {
  await writeFile(PUBLISHED, publishedText(strictSchema()));
  await writeFile(PUBLISHED_VERIFICATION, publishedText(verificationSchema()));
}
