/** Reads logins at the door: from the environment, a file or the terminal, never from the command line. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Credentials } from '../contracts/credentials.ts';
import { MigrationError } from '../model/errors.ts';

export interface CredentialSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Asks a person; absent where nobody is there. */
  readonly ask?: (question: string, options: { readonly hidden: boolean; readonly signal: AbortSignal }) => Promise<string>;
}

const MOST_TEXT = 64 * 1024;

/** What a login is for; each has variables of its own. */
const NAMES = {
  server: { user: 'KUBEFERRY_USER', password: 'KUBEFERRY_PASSWORD', file: 'KUBEFERRY_PASSWORD_FILE' },
  share: { user: 'KUBEFERRY_SHARE_USER', password: 'KUBEFERRY_SHARE_PASSWORD', file: 'KUBEFERRY_SHARE_PASSWORD_FILE' },
} as const;

export interface CredentialsRequest {
  readonly source: string;
  readonly user: string | undefined;
  /** `share`: to the shares where the disks lie. */
  readonly of?: keyof typeof NAMES;
  readonly signal: AbortSignal;
}

/**
 * User from the URL, KUBEFERRY_USER or the terminal; password from KUBEFERRY_PASSWORD, KUBEFERRY_PASSWORD_FILE or the terminal. Those of
 * shares: KUBEFERRY_SHARE_….
 * @throws MigrationError `credentials-missing`
 */
export async function readCredentials(
  { environment, ask }: CredentialSources,
  { source, user: given, of = 'server', signal }: CredentialsRequest,
): Promise<Credentials> {
  const names = NAMES[of];
  const user = given ?? environment[names.user] ?? (await ask?.(`User for ${source}: `, { hidden: false, signal }));
  if (user === undefined || user === '') {
    throw new MigrationError('credentials-missing', `No user is named for ${source}`, {
      hint: `Write it into the URL, or set ${names.user}.`,
    });
  }
  const password = (await readSecret({ environment }, names)) ?? (await ask?.(`Password of ${user}: `, { hidden: true, signal }));
  if (password === undefined || password === '') {
    throw new MigrationError('credentials-missing', `No password is given for ${user} at ${source}`, {
      hint: `Give it by ${names.password}, ${names.file} or at the prompt.`,
    });
  }
  return { user, password };
}

/**
 * A secret of the environment, or of the file that it names.
 * @throws MigrationError `credentials-missing` for a file that cannot be read
 */
export async function readSecret(
  { environment }: Pick<CredentialSources, 'environment'>,
  { password, file }: { readonly password: string; readonly file: string },
): Promise<string | undefined> {
  return environment[password] ?? (await fromFile(environment[file], file));
}

/** Without the line end that editors add. */
async function fromFile(file: string | undefined, variable: string): Promise<string | undefined> {
  if (file === undefined || file === '') return undefined;
  try {
    const text = await readFile(file, 'utf8');
    if (text.length > MOST_TEXT) throw new Error('it is larger than any password');
    return text.replace(/\r?\n$/, '');
  } catch (cause) {
    throw new MigrationError('credentials-missing', `The file of ${variable} cannot be read`, { file, cause });
  }
}

/** Asks on the terminal; what is typed into a hidden question is not shown. Undefined where there is no terminal. */
export function askOnTerminal(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Pick<Required<CredentialSources>, 'ask'> | undefined {
  if (!input.isTTY || !output.isTTY) return undefined;
  return {
    ask: async (question, { hidden, signal }) => {
      // Readline draws its line anew; where nothing is shown it would draw the question nowhere.
      if (hidden) output.write(question);
      const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
      const lines = createInterface({ input, output: hidden ? silent : output, terminal: true });
      try {
        return await lines.question(hidden ? '' : question, { signal });
      } finally {
        lines.close();
        if (hidden) output.write('\n');
      }
    },
  };
}
