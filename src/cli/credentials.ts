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

/**
 * User from the URL, KUBEFERRY_USER or the terminal; password from KUBEFERRY_PASSWORD, KUBEFERRY_PASSWORD_FILE or the terminal.
 * @throws MigrationError `credentials-missing`
 */
export async function readCredentials(
  { environment, ask }: CredentialSources,
  { source, user: given, signal }: { readonly source: string; readonly user: string | undefined; readonly signal: AbortSignal },
): Promise<Credentials> {
  const user = given ?? environment['KUBEFERRY_USER'] ?? (await ask?.(`User for ${source}: `, { hidden: false, signal }));
  if (user === undefined || user === '') {
    throw new MigrationError('credentials-missing', `No user is named for ${source}`, {
      hint: 'Write it into the URL, or set KUBEFERRY_USER.',
    });
  }
  const password =
    environment['KUBEFERRY_PASSWORD'] ??
    (await fromFile(environment['KUBEFERRY_PASSWORD_FILE'])) ??
    (await ask?.(`Password of ${user}: `, { hidden: true, signal }));
  if (password === undefined || password === '') {
    throw new MigrationError('credentials-missing', `No password is given for ${user} at ${source}`);
  }
  return { user, password };
}

/** Without the line end that editors add. */
async function fromFile(file: string | undefined): Promise<string | undefined> {
  if (file === undefined || file === '') return undefined;
  try {
    const text = await readFile(file, 'utf8');
    if (text.length > MOST_TEXT) throw new Error('it is larger than any password');
    return text.replace(/\r?\n$/, '');
  } catch (cause) {
    throw new MigrationError('credentials-missing', 'The file of KUBEFERRY_PASSWORD_FILE cannot be read', { file, cause });
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
