/** Where programs are that come from the system. Shared by the rooms that start some (src/transfer, src/convert), as is how they are started: leashed.ts. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../model/errors.ts';

/** Absolute path of a program on the PATH. @param debianPackage that brings it @throws MigrationError `tool-missing` naming the package */
export async function requireProgram(name: string, debianPackage: string): Promise<string> {
  const program = await findProgram(name);
  if (program !== undefined) return program;
  throw new MigrationError('tool-missing', `The program ${name} is not installed.`, {
    hint: `Install it, on Debian and Ubuntu with \`apt-get install ${debianPackage}\`.`,
  });
}

/** Undefined when no absolute folder of the PATH has it. */
async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const candidate = path.join(folder, name);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder: look in the next one.
    }
  }
  return undefined;
}
