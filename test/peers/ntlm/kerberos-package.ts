/**
 * The npm package that logins by Kerberos need, which is no dependency of ours: built once into `${XDG_CACHE_HOME:-~/.cache}/kubeferry/peers`, against
 * Debian's libkrb5-dev. `useKerberosPackage` makes `import('kerberos')` find it there.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createRequire, registerHooks } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const VERSION = '7.0.0';

export async function useKerberosPackage(): Promise<void> {
  const folder = await installed();
  const url = pathToFileURL(createRequire(join(folder, 'x.js')).resolve('kerberos')).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'kerberos' ? { url, format: 'commonjs', shortCircuit: true } : next(specifier, context),
  });
}

async function installed(): Promise<string> {
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubeferry', 'peers');
  const folder = join(cache, `kerberos-${VERSION}-${process.versions.modules}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(`${folder}-`);
  try {
    await promisify(execFile)('npm', ['install', '--no-save', '--no-audit', '--no-fund', `kerberos@${VERSION}`], { cwd: making });
    await rename(making, folder);
  } catch (cause) {
    await rm(making, { recursive: true, force: true });
    // Somebody else may have been faster.
    if (!existsSync(folder))
      throw new Error('The npm package kerberos cannot be built: install gcc, make and libkrb5-dev', { cause });
  }
  return folder;
}
