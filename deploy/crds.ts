/**
 * Writes deploy/crds, the definitions of the custom resources, from their schemas: `node deploy/crds.ts`. A test fails when a file is not what
 * this would write. The folder is one for kustomize too.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { definitionOf } from '../src/resources/definition.ts';
import { KINDS } from '../src/resources/index.ts';

export const FOLDER = path.join(import.meta.dirname, 'crds');

/** Name and content of every file. */
export function renderDefinitions(): readonly { readonly file: string; readonly content: string }[] {
  const definitions = KINDS.map((kind) => {
    const definition = definitionOf(kind);
    return { file: `${definition.metadata.name}.yaml`, content: written(definition) };
  });
  const resources = definitions.map(({ file }) => file).toSorted();
  const list = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources };
  return [...definitions, { file: 'kustomization.yaml', content: written(list) }];
}

function written(value: object): string {
  const head = '# Written by `node deploy/crds.ts` from src/resources; do not edit it.\n';
  // YAML 1.1, which Kubernetes reads, takes bare words such as `on` for booleans.
  return head + stringify(value, { version: '1.1', lineWidth: 0 });
}

if (import.meta.main) {
  await mkdir(FOLDER, { recursive: true });
  for (const { file, content } of renderDefinitions()) await writeFile(path.join(FOLDER, file), content);
}
