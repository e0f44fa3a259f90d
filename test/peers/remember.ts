import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * What a built program prints, kept beside it: its file name covers all that its output depends on.
 * @param program path that `buildPeer` gave
 */
export async function remember(program: string, what: string, print: () => Promise<string>): Promise<string> {
  const file = `${program}-${what}`;
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known !== undefined) return known;
  const printed = await print();
  // Whole or not at all: several test files may do this at the same time.
  await writeFile(`${file}.${process.pid}`, printed);
  await rename(`${file}.${process.pid}`, file);
  return printed;
}
