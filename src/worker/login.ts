/** The mounted Secret of a source, as far as it holds anything. */
import type { Credentials, Trust } from '../contracts/credentials.ts';
import { WORKER_PATHS } from '../model/worker-paths.ts';
import type { Services } from './services.ts';

export interface Login {
  readonly credentials?: Credentials;
  readonly trust: Trust;
}

export async function readLogin({ read }: Pick<Services, 'read'>): Promise<Login> {
  const [user, password, ca, thumbprint] = await Promise.all(
    ['user', 'password', 'ca.crt', 'thumbprint'].map(async (name) => {
      // Editors and `echo` end files with a line end.
      return (await read(`${WORKER_PATHS.login}/${name}`))?.replace(/\r?\n$/, '');
    }),
  );
  return {
    trust: { ...(ca !== undefined && { ca }), ...(thumbprint !== undefined && { thumbprint }) },
    ...(user !== undefined && password !== undefined && { credentials: { user, password } }),
  };
}
