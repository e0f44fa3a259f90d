/** Renders the ways to install kubeferry, and gives their objects to an API server as `kubectl apply --server-side` does. */
import path from 'node:path';
import { helmTemplate } from '../peers/helm.ts';
import { type ApiAnswer, type ApiServer, callApi } from '../peers/kubernetes-api.ts';
import { kustomizeBuild, type RenderedObject } from '../peers/kustomize.ts';

const DEPLOY = path.join(import.meta.dirname, '../../deploy');

/** Overlay → the chart's values that stand for it. */
export const VARIANTS = {
  'cluster-wide': {},
  namespaced: { scope: 'namespace' },
  openshift: { openshift: true },
} as const;

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export function isRole(...kinds: readonly ('Role' | 'ClusterRole')[]) {
  return (object: RenderedObject): object is RenderedObject & { readonly rules: readonly Rule[] } =>
    kinds.some((kind) => kind === object.kind);
}

export async function fromKustomize(folder: string): Promise<readonly RenderedObject[]> {
  return await kustomizeBuild(path.join(DEPLOY, 'kustomize', folder));
}

export async function fromHelm(
  values: Readonly<Record<string, unknown>>,
  namespace = 'kubeferry',
): Promise<readonly RenderedObject[]> {
  return await helmTemplate(path.join(DEPLOY, 'helm/kubeferry'), { name: 'kubeferry', namespace, values });
}

export async function applyObject(
  api: ApiServer,
  object: RenderedObject,
  options: { readonly dryRun?: boolean; readonly namespace?: string } = {},
): Promise<ApiAnswer> {
  const query = `fieldManager=kubeferry-test&force=true&fieldValidation=Strict${options.dryRun === true ? '&dryRun=All' : ''}`;
  return await callApi(api, 'PATCH', `${pathOf(object, options.namespace)}?${query}`, object, 'application/apply-patch+yaml');
}

function pathOf({ apiVersion, kind, metadata }: RenderedObject, otherwise: string | undefined): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  const { namespace = otherwise, name } = metadata;
  return namespace === undefined ? `${root}/${plural}/${name}` : `${root}/namespaces/${namespace}/${plural}/${name}`;
}
