/**
 * Writes deploy/crds, the definitions of the custom resources, from their schemas: `node deploy/crds.ts`. A test fails when a file is not what
 * this would write.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { definitionOf } from '../src/resources/definition.ts';
import { KINDS } from '../src/resources/index.ts';

export const FOLDER = path.join(import.meta.dirname, 'crds');

/** Name and content of every file. */
export function renderDefinitions(): readonly { readonly file: string; readonly content: string }[] {
  return KINDS.map((kind) => {
    const definition = definitionOf(kind);
    const head = '# Written by `node deploy/crds.ts` from src/resources; do not edit it.\n';
    // YAML 1.1, which Kubernetes reads, takes bare words such as `on` for booleans.
    return { file: `${definition.metadata.name}.yaml`, content: head + stringify(definition, { version: '1.1', lineWidth: 0 }) };
  });
}

if (import.meta.main) {
  await mkdir(FOLDER, { recursive: true });
  for (const { file, content } of renderDefinitions()) await writeFile(path.join(FOLDER, file), content);
}
