/** The volumes of a Pod as folders and devices of this machine. */
import { chmod, chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ApiServer, callApi, expectApi } from '../kubernetes-api.ts';
import type { KeyItem, Pod, Volume } from '../kubernetes-objects.ts';
import type { MountedClaim, Provisioner } from './provisioner.ts';

export interface MountedVolume {
  readonly name: string;
  readonly at: MountedClaim;
}

export interface VolumeContext {
  readonly api: ApiServer;
  readonly provisioner: Provisioner;
  /** A folder of this Pod alone. */
  readonly folder: string;
}

/** Undefined while a volume is not there: a claim that is not bound, a secret that nobody made. */
export async function mountVolumes(pod: Pod, context: VolumeContext): Promise<readonly MountedVolume[] | undefined> {
  const mounted: MountedVolume[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const at = await mountVolume(pod, volume, context);
    if (at === undefined) return undefined;
    mounted.push({ name: volume.name, at });
  }
  return mounted;
}

async function mountVolume(pod: Pod, volume: Volume, context: VolumeContext): Promise<MountedClaim | undefined> {
  const { api, folder, provisioner } = context;
  const namespace = pod.metadata.namespace ?? 'default';
  const group = pod.spec.securityContext?.fsGroup;
  if (volume.persistentVolumeClaim !== undefined) {
    const found = await provisioner.mount(namespace, volume.persistentVolumeClaim.claimName);
    if (found?.mode === 'Filesystem' && group !== undefined) {
      await chown(found.path, 0, group);
      await chmod(found.path, 0o2775);
    }
    return found;
  }
  const path = join(folder, 'volumes', volume.name);
  await mkdir(path, { recursive: true });
  if (volume.emptyDir !== undefined) {
    await chmod(path, 0o2777);
    return { mode: 'Filesystem', path };
  }
  const files = await filesOf(pod, volume, api);
  if (files === undefined) return undefined;
  for (const [name, content] of files) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content, { mode: 0o444 });
  }
  return { mode: 'Filesystem', path };
}

/** What the downward API says is brought up to date while a Pod runs, each file at once. */
export async function refreshFields(pod: Pod, folder: string): Promise<void> {
  for (const { name, projected } of pod.spec.volumes ?? []) {
    for (const { path, fieldRef } of projected?.sources.flatMap(({ downwardAPI }) => downwardAPI?.items ?? []) ?? []) {
      const file = join(folder, 'volumes', name, path);
      const content = fieldOf(pod, fieldRef?.fieldPath ?? '');
      const before = await readFile(file, 'utf8').catch(() => undefined);
      if (before === undefined || before === content) continue;
      await writeFile(`${file}.new`, content, { mode: 0o444 });
      await rename(`${file}.new`, file);
    }
  }
}

type Files = readonly (readonly [path: string, content: Buffer])[];

async function filesOf(pod: Pod, volume: Volume, api: ApiServer): Promise<Files | undefined> {
  const namespace = pod.metadata.namespace ?? 'default';
  const { secret, configMap, projected } = volume;
  if (secret !== undefined) return await keyed(api, `${namespace}/secrets/${secret.secretName}`, secret);
  if (configMap !== undefined) return await keyed(api, `${namespace}/configmaps/${configMap.name}`, configMap);
  if (projected === undefined) throw new Error(`the kind of volume ${volume.name} is not known to this kubelet`);
  const all: (readonly [string, Buffer])[] = [];
  for (const source of projected.sources) {
    if (source.serviceAccountToken !== undefined) {
      const { path, audience, expirationSeconds } = source.serviceAccountToken;
      all.push([path, Buffer.from(await tokenFor(api, pod, { audience, expirationSeconds }))]);
    }
    for (const [kind, from] of [['secrets', source.secret] as const, ['configmaps', source.configMap] as const]) {
      if (from === undefined) continue;
      const files = await keyed(api, `${namespace}/${kind}/${from.name}`, from);
      if (files === undefined) return undefined;
      all.push(...files);
    }
    for (const { path, fieldRef } of source.downwardAPI?.items ?? [])
      all.push([path, Buffer.from(fieldOf(pod, fieldRef?.fieldPath ?? ''))]);
  }
  return all;
}

async function keyed(
  api: ApiServer,
  object: string,
  { items, optional }: { readonly items?: readonly KeyItem[]; readonly optional?: boolean },
): Promise<Files | undefined> {
  const { status, body } = await callApi(api, 'GET', `/api/v1/namespaces/${object}`);
  if (status === 404) return optional === true ? [] : undefined;
  const { data = {} } = body as { readonly data?: Readonly<Record<string, string>> };
  const encoding = object.includes('/secrets/') ? 'base64' : 'utf8';
  const wanted = items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return wanted.map(({ key, path }) => [path, Buffer.from(data[key] ?? '', encoding)]);
}

/** A token with the rights of the Pod's account, that ends with the Pod. */
async function tokenFor(
  api: ApiServer,
  { metadata, spec }: Pod,
  options: { readonly audience: string | undefined; readonly expirationSeconds: number | undefined },
): Promise<string> {
  const account = spec.serviceAccountName ?? 'default';
  const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`;
  const { status } = await expectApi<{ status: { token: string } }>(api, 'POST', path, {
    spec: {
      ...(options.audience !== undefined && { audiences: [options.audience] }),
      expirationSeconds: options.expirationSeconds ?? 3607,
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: metadata.name, uid: metadata.uid },
    },
  });
  return status.token;
}

/** The downward API, as far as anybody here asks for it. */
export function fieldOf(pod: Pod, path: string): string {
  const label = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (label?.[1] === 'labels') return pod.metadata.labels?.[label[2] ?? ''] ?? '';
  if (label !== null) return pod.metadata.annotations?.[label[2] ?? ''] ?? '';
  const known: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'status.podIP': '127.0.0.1',
  };
  const value = known[path];
  if (value === undefined) throw new Error(`the field ${path} is not known to this kubelet`);
  return value;
}
