/**
 * Debian's samba on loopback as a foreign file server: SMB 3 with signing that nobody gets around, from an implementation that knows nothing
 * of us. It has a port, a configuration, a user database and folders of its own, and is stopped by its process id.
 *
 * What it proves: dialects, logins, signatures, seals, credits and reads as samba does them. What it does not: locks and files that a
 * Windows host holds open, CSV, and everything that only Windows answers.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { listening } from './listening.ts';
import { configuration, type SambaOptions } from './samba/configuration.ts';

export type { SambaOptions } from './samba/configuration.ts';

export interface Samba extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Who may log in: the user of the tests. */
  readonly user: string;
  readonly password: string;
  /** For `smbclient -s`. */
  readonly configurationFile: string;
  /** For `smbclient -A`. */
  readonly loginFile: string;
  /** Changes the password of the user. */
  setPassword(password: string): Promise<void>;
}

const PASSWORD = 'Sesam 47 öffne dich';

/** @throws Error with what smbd said when it does not start */
export async function startSamba(options: SambaOptions): Promise<Samba> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-samba-'));
  for (const name of ['private', 'lock', 'state', 'cache', 'pid', 'ncalrpc']) await mkdir(join(folder, name), { mode: 0o755 });
  await chmod(folder, 0o755);
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'smb.conf');
  const loginFile = join(folder, 'login');
  const { username: user } = userInfo();
  await writeFile(file, configuration(folder, port, options));
  const setPassword = async (password: string): Promise<void> => {
    await writeFile(loginFile, `username=${user}\npassword=${password}\n`, { mode: 0o600 });
    await runWith(`${password}\n${password}\n`, 'smbpasswd', ['-c', file, '-s', '-a', user]);
  };
  await setPassword(PASSWORD);

  // In a session of its own: when it ends it ends its whole process group, which would be ours. It must not make the group by itself,
  // because the leader of a session cannot. The kernel ends it when this process is killed.
  const args = ['--pdeathsig', 'TERM', 'smbd', '--foreground', '--no-process-group', '--configfile', file, '--debug-stdout'];
  const smbd = spawn('setpriv', [...args, '--debuglevel', '0'], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [smbd.stdout, smbd.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-4000);
    });
  }
  const ended = new Promise<Error>((resolve) => {
    smbd.on('error', (cause) => resolve(new Error('smbd does not run: install the package samba', { cause })));
    smbd.on('close', (code) => resolve(new Error(`smbd has ended (${code}): ${said}`)));
  });
  const stop = async (): Promise<void> => {
    smbd.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([listening(port, 'smbd'), ended.then((error) => Promise.reject(error))]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host: '127.0.0.1',
    port,
    user,
    password: PASSWORD,
    configurationFile: file,
    loginFile,
    setPassword,
    [Symbol.asyncDispose]: stop,
  };
}

/** @throws Error with what the program said */
async function runWith(input: string, program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk;
    });
  }
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${program} failed (${code}): ${said}`);
}
