/** The ways to log in by SSH, one after the other: a private key, the keys of an agent, and the password, which is asked for only then. */
import ssh2 from 'ssh2';
import type { Credentials, SshLogin } from '../../../src/contracts/credentials.ts';
import { MigrationError } from '../../../src/model/errors.ts';

/** A step of the handshake: what is tried next, or `false` when there is nothing left. */
type Next = (method: ssh2.AnyAuthMethod | false) => void;

export interface LoginPlan {
  readonly user: string;
  readonly handler: (left: readonly string[] | null, partial: boolean | null, next: Next) => void;
  /** Why asking for the password failed, where it did. */
  readonly trouble: () => unknown;
}

/** @throws MigrationError `config-invalid` for a key that cannot be read, and what `credentials` throws where nobody is named otherwise */
export async function planLogin(
  { user: named, login }: { readonly user: string | undefined; readonly login: SshLogin },
  credentials: () => Promise<Credentials>,
): Promise<LoginPlan> {
  const { privateKey, passphrase, agent } = login;
  if (privateKey !== undefined) requireKey(privateKey, passphrase);
  const user = named ?? login.user ?? (await credentials()).user;
  const ways: Way[] = [];
  if (privateKey !== undefined) {
    const key = { key: privateKey, ...(passphrase !== undefined && { passphrase }) };
    ways.push({ by: 'publickey', method: async () => ({ type: 'publickey', username: user, ...key }) });
  }
  if (agent !== undefined) ways.push({ by: 'publickey', method: async () => ({ type: 'agent', username: user, agent }) });
  const password = async (): Promise<string> => (await credentials()).password;
  ways.push({ by: 'password', method: async () => ({ type: 'password', username: user, password: await password() }) });
  ways.push({ by: 'keyboard-interactive', method: async () => ({ ...answering(await password()), username: user }) });
  let trouble: unknown;
  const handler: LoginPlan['handler'] = (left, _partial, next) => {
    // What the server does not offer is neither asked for nor shown to it.
    const way = ways.splice(0, 1 + ways.findIndex(({ by }) => left === null || left.length === 0 || left.includes(by))).at(-1);
    if (way === undefined || trouble !== undefined) return next(false);
    way.method().then(next, (error: unknown) => {
      trouble = error;
      next(false);
    });
  };
  return { user, handler, trouble: () => trouble };
}

interface Way {
  /** As the protocol calls it. */
  readonly by: 'publickey' | 'password' | 'keyboard-interactive';
  readonly method: () => Promise<ssh2.AnyAuthMethod>;
}

/** Servers that ask by themselves ask for the password, whatever the words. */
function answering(password: string): Omit<ssh2.KeyboardInteractiveAuthMethod, 'username'> {
  const prompt: ssh2.KeyboardInteractiveAuthMethod['prompt'] = (_name, _about, _language, asked, answer) =>
    answer(asked.map(() => password));
  return { type: 'keyboard-interactive', prompt };
}

function requireKey(key: string, passphrase: string | undefined): void {
  const parsed = ssh2.utils.parseKey(key, passphrase);
  if (!(parsed instanceof Error)) return;
  const locked = /encrypted|passphrase|bad decrypt|integrity/i.test(parsed.message);
  throw new MigrationError(
    'config-invalid',
    locked ? 'The private key is encrypted, and its passphrase is missing or wrong' : 'The private key cannot be read',
    {
      hint: locked
        ? 'Give the passphrase, or load the key into an agent.'
        : 'OpenSSH and PEM files with the private key are read.',
    },
  );
}
