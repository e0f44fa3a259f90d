/**
 * A cluster that is there already, by a kubeconfig: kind, k3s, a control plane that somebody left running. Whoever uses it makes names of its own,
 * leaves the definitions there and cannot restart anything.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { ControlPlane } from './control-plane.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { ApiServer } from './kubernetes-api.ts';

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: readonly { readonly name: string; readonly context: { readonly cluster: string; readonly user: string } }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string | undefined>> }[];
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, string | undefined>> }[];
}

/** @throws Error when the file has no current context, or a login that is neither a token nor a client certificate */
export async function existingCluster(file: string): Promise<ControlPlane> {
  const text = await readFile(file, 'utf8');
  const config = parse(text) as Kubeconfig;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user;
  if (cluster?.['server'] === undefined || user === undefined)
    throw new Error(`${file} has no current context with a server and a user`);
  const read = async (from: Readonly<Record<string, string | undefined>>, field: string): Promise<string> => {
    const inline = from[`${field}-data`];
    if (inline !== undefined) return Buffer.from(inline, 'base64').toString();
    const path = from[field];
    return path === undefined ? '' : await readFile(resolve(dirname(file), path), 'utf8');
  };
  const [ca, cert, key] = [
    await read(cluster, 'certificate-authority'),
    await read(user, 'client-certificate'),
    await read(user, 'client-key'),
  ];
  const token = user['token'] ?? '';
  if (token === '' && cert === '') throw new Error(`${file}: the tests log in with a token or a client certificate`);
  const api: ApiServer = { url: cluster['server'].replace(/\/$/, ''), ca, token, ...(cert !== '' && { cert, key }) };
  const run = randomBytes(3).toString('hex');
  return {
    api,
    existing: true,
    name: (text) => `${text}-${run}`,
    kubeconfig: (as) => (as === undefined ? text : kubeconfig({ url: api.url, ca, token: as })),
    restartApiServer: () => Promise.reject(new Error('a test that restarts its API server has to start one of its own')),
    audit: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
