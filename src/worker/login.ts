/** The mounted Secret of a source, as far as it holds anything. */
import { WORKER_PATHS } from '../model/worker-paths.ts';
import { LOGIN_KEYS, readSecretLogin, type SecretLogin } from '../resources/provider-access.ts';
import type { Services } from './services.ts';

export async function readLogin({ read }: Pick<Services, 'read'>): Promise<SecretLogin> {
  const texts = await Promise.all(LOGIN_KEYS.map(async (key) => [key, await read(`${WORKER_PATHS.login}/${key}`)] as const));
  return readSecretLogin(Object.fromEntries(texts));
}
