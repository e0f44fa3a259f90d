/** The real kustomize, built from its published module: what `kubectl apply -k` and GitOps controllers read a folder with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { buildPeer } from './build.ts';

/** An object as a renderer of manifests wrote it. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

export async function buildKustomize(): Promise<string> {
  return await buildPeer('kustomize', { package: 'sigs.k8s.io/kustomize/kustomize/v5' });
}

/** The objects of a folder. Rejects with kustomize's own words. */
export async function kustomizeBuild(folder: string): Promise<readonly RenderedObject[]> {
  const kustomize = await buildKustomize();
  const { stdout } = await promisify(execFile)(kustomize, ['build', folder], { maxBuffer: 64 * 1024 * 1024 });
  return parseAllDocuments(stdout, { version: '1.1' }).map((document) => document.toJS());
}
