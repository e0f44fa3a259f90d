/** Helm's own template engine, built from its published module: what `helm install` makes of a chart and its values, without a cluster. */
import { execFile } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { buildPeer } from './build.ts';
import type { RenderedObject } from './kustomize.ts';

export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export async function buildHelm(): Promise<string> {
  return await buildPeer('helm');
}

/** The objects of a release of the chart in `folder`, without its notes. Rejects with Helm's own words, also on values that the schema refuses. */
export async function helmTemplate(folder: string, { name, namespace, values }: Release): Promise<readonly RenderedObject[]> {
  const helm = await buildHelm();
  const output = await new Promise<string>((resolve, reject) => {
    const running = execFile(helm, [folder, name, namespace], { maxBuffer: 64 * 1024 * 1024 }, (error, out, said) =>
      error === null ? resolve(out) : reject(new Error(said, { cause: error })),
    );
    running.stdin?.end(JSON.stringify(values));
  });
  const files = Object.entries(JSON.parse(output) as Record<string, string>).filter(([file]) => file.endsWith('.yaml'));
  return files.flatMap(([, content]) => parseAllDocuments(content, { version: '1.1' }).flatMap((one) => one.toJS() ?? []));
}
