/** The login of a Pod: the token of its ServiceAccount and the authority of the API server, as the kubelet mounts and renews them. */
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import type { Clock } from '../../contracts/clock.ts';
import type { PodAccess } from '../../contracts/cluster.ts';
import { MigrationError } from '../../model/errors.ts';
import { kept, type Login, type LoginParts } from './kept-login.ts';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** @throws MigrationError `cluster-not-configured` */
export async function podLogin({ host, port, folder = FOLDER }: PodAccess, clock: Clock): Promise<Login> {
  const read = async (name: string): Promise<string> => await readFile(path.join(folder, name), 'utf8');

  async function obtain(): Promise<LoginParts> {
    const [token, ca] = await Promise.all([read('token'), read('ca.crt')]);
    return { headers: { Authorization: `Bearer ${token.trim()}` }, tls: { ca } };
  }

  await obtain().catch((cause: unknown) => {
    throw new MigrationError('cluster-not-configured', `The token of this Pod's ServiceAccount cannot be read in ${folder}.`, {
      ...{ file: folder, cause, hint: 'Let the Pod mount the token of its ServiceAccount: automountServiceAccountToken.' },
    });
  });
  const namespace = await read('namespace').catch(() => '');
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ...(namespace.trim() !== '' && { namespace: namespace.trim() }),
    ...kept(obtain, () => undefined, clock),
  };
}
