/**
 * Who we are to which API server: the kubeconfig rules of `@kubernetes/client-node`, and nothing else of that package. It costs 0.7 s and 90 MB to
 * import, so it is imported when a kubeconfig is asked for and not before; a Pod does without it (pod-login.ts).
 */
import type { Agent, RequestOptions } from 'node:https';
import type { Clock } from '../../contracts/clock.ts';
import type { ClusterAccess } from '../../contracts/cluster.ts';
import { MigrationError } from '../../model/errors.ts';
import { kept, type Login, type LoginParts } from './kept-login.ts';
import { podLogin } from './pod-login.ts';

/** What client-node makes of no kubeconfig at all. */
const NOWHERE = 'http://localhost:8080';

type KubeConfig = import('@kubernetes/client-node').KubeConfig;

/** @throws MigrationError `cluster-not-configured` */
export async function openLogin(access: ClusterAccess, clock: Clock): Promise<Login> {
  if (access.pod !== undefined) return await podLogin(access.pod, clock);
  const first = await load(access);
  const { cluster, namespace } = first;
  let config: KubeConfig | undefined = first.config;

  async function obtain(): Promise<LoginParts> {
    // A kubeconfig that cannot be read any more stays what it was: the server's answer says more than the missing file.
    config ??= await load(access).then(
      (again) => again.config,
      () => first.config,
    );
    return await partsOf(config, cluster.proxied);
  }

  const forget = (): void => {
    config = undefined;
  };
  return { server: cluster.server, ...(namespace !== undefined && { namespace }), ...kept(obtain, forget, clock) };
}

interface Loaded {
  readonly config: KubeConfig;
  readonly cluster: { readonly server: string; readonly proxied: boolean };
  readonly namespace: string | undefined;
}

async function load({ kubeconfig, context }: ClusterAccess): Promise<Loaded> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw unusable(`The kubeconfig cannot be read: ${firstLine(error)}`, kubeconfig);
  }
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw unusable(`The kubeconfig has no context ${context}; it has ${names.join(', ') || 'none'}.`, kubeconfig);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster?.server === NOWHERE) throw unusable('There is no kubeconfig, and this is no pod of a cluster.', kubeconfig);
  if (cluster === null) throw unusable('The kubeconfig has no current context that leads to a cluster.', kubeconfig);
  if (!URL.canParse(cluster.server) || !cluster.server.startsWith('https://')) {
    throw unusable(`The server ${cluster.server} of the kubeconfig is not reached by https://.`, kubeconfig);
  }
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return { config, cluster: { server: cluster.server, proxied: Boolean(cluster.proxyUrl) }, namespace };
}

async function partsOf(config: KubeConfig, proxied: boolean): Promise<LoginParts> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    // A program of the kubeconfig may print anything, secrets too: only what the system says is repeated.
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new MigrationError('cluster-login-failed', `The login of the kubeconfig cannot be obtained${code}.`, {
      hint: 'Run `kubectl auth whoami` with the same kubeconfig: it shows what its login program or its files lack.',
    });
  }
  const { ca, cert, key, passphrase, servername, rejectUnauthorized, headers, auth, agent } = options;
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers ?? {})) sent[name] = String(value).trim();
  if (typeof auth === 'string') sent['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  return {
    headers: sent,
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(passphrase !== undefined && { passphrase }),
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
    ...(proxied && typeof agent === 'object' && { proxy: agent as Agent }),
  };
}

function unusable(message: string, file: string | undefined): MigrationError {
  return new MigrationError('cluster-not-configured', message, file === undefined ? {} : { file });
}

/** Of a parser that quotes the file in the lines below. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}
