/** The environment of a container. */
import { type ApiServer, callApi } from '../kubernetes-api.ts';
import type { Container, EnvVar, Pod } from '../kubernetes-objects.ts';
import { fieldOf } from './volumes.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Undefined while a secret or map that it needs is not there. */
export async function environmentOf(
  api: ApiServer,
  pod: Pod,
  container: Container,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { hostname, port } = new URL(api.url);
  const env: Record<string, string> = { PATH, HOSTNAME: pod.metadata.name, HOME: '/tmp' };
  env['KUBERNETES_SERVICE_HOST'] = hostname;
  env['KUBERNETES_SERVICE_PORT'] = port;
  for (const { secretRef, configMapRef } of container.envFrom ?? []) {
    for (const [kind, ref] of [['secrets', secretRef] as const, ['configmaps', configMapRef] as const]) {
      if (ref === undefined) continue;
      const data = await dataOf(api, pod, kind, ref.name);
      if (data === undefined) return undefined;
      Object.assign(env, data);
    }
  }
  for (const entry of container.env ?? []) {
    const value = await lookUp(api, pod, entry);
    if (value === undefined) return undefined;
    env[entry.name] = value;
  }
  return env;
}

async function lookUp(api: ApiServer, pod: Pod, { value, valueFrom }: EnvVar): Promise<string | undefined> {
  if (valueFrom === undefined) return value ?? '';
  if (valueFrom.fieldRef !== undefined) return fieldOf(pod, valueFrom.fieldRef.fieldPath);
  const ref = valueFrom.secretKeyRef ?? valueFrom.configMapKeyRef;
  if (ref === undefined) throw new Error('this kubelet does not know where the value of a variable comes from');
  const data = await dataOf(api, pod, valueFrom.secretKeyRef === undefined ? 'configmaps' : 'secrets', ref.name);
  return data?.[ref.key] ?? (ref.optional === true ? '' : undefined);
}

async function dataOf(
  api: ApiServer,
  pod: Pod,
  kind: 'secrets' | 'configmaps',
  name: string,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { status, body } = await callApi(api, 'GET', `/api/v1/namespaces/${pod.metadata.namespace}/${kind}/${name}`);
  if (status !== 200) return undefined;
  const { data = {} } = body as { readonly data?: Readonly<Record<string, string>> };
  const decode = (text: string) => (kind === 'secrets' ? Buffer.from(text, 'base64').toString() : text);
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, decode(text)]));
}
