/**
 * Debian's OpenSSH server on loopback, as the user of the tests, with host keys and a configuration of its own. Its sessions find
 * `sshd/powershell.ts` as powershell.exe, which runs no script: it knows each by its text and answers what the test wrote down, or hands command and
 * input to the test (a simulated host). So logins, host keys, channels, and what goes over them are real; what a script would do is not.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';

export interface SshdOptions {
  /** What each script answers, by its name; or who answers instead of powershell.exe, told its arguments and its input. */
  readonly answers: Readonly<Record<string, Answer>> | Answering;
  /** Sessions that one connection may have; sshd's own default when absent. */
  readonly maxSessions?: number;
}

/** @param args of powershell.exe, as one text */
type Answering = (args: string, input: Buffer) => Promise<Answer>;

export interface Answer {
  readonly stdout: string;
  readonly exitCode?: number;
  /** Written to standard error. */
  readonly stderr?: string;
  /** Milliseconds until it answers. */
  readonly after?: number;
}

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** Path of a private key that is let in, without passphrase; `encrypted` has `passphrase`. */
  readonly keyFile: string;
  readonly encryptedKeyFile: string;
  readonly passphrase: string;
  /** Path of one that is not. */
  readonly strangerFile: string;
  /** Of the host's Ed25519 key: `SHA256:…`, as ssh-keygen says it. */
  readonly fingerprint: string;
  /** Lines of a known_hosts file for its two keys, with hashed names as ssh-keygen writes them. */
  readonly knownHosts: string;
  readonly folder: string;
  /** What each call was told: name of the script, and its input. */
  told(): Promise<readonly { readonly script: string; readonly input: unknown }[]>;
  /** Ends all connections; the server goes on. */
  cut(): Promise<void>;
}

const run = promisify(execFile);

/** @throws Error with what sshd said when it does not start */
export async function startSshd({ answers, maxSessions }: SshdOptions): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-sshd-'));
  const at = (name: string): string => join(folder, name);
  const passphrase = 'open sesame';
  await Promise.all([
    makeKey(at('host_ed25519'), 'ed25519'),
    makeKey(at('host_ecdsa'), 'ecdsa'),
    makeKey(at('user'), 'ed25519'),
    makeKey(at('locked'), 'ed25519', passphrase),
    makeKey(at('stranger'), 'ed25519'),
  ]);
  const [port = 0] = await freePorts(1);
  await writeFile(at('authorized_keys'), `${await readFile(at('user.pub'), 'utf8')}${await readFile(at('locked.pub'), 'utf8')}`);
  const listener = typeof answers === 'function' ? await listen(at('answers.socket'), answers) : undefined;
  if (typeof answers !== 'function') await writeFile(at('answers.json'), JSON.stringify(answers));
  await mkdir(at('bin'));
  await writeFile(at('bin/powershell.ts'), await readFile(new URL('sshd/powershell.ts', import.meta.url)));
  await writeFile(at('bin/powershell.exe'), `#!/bin/sh\nexec ${process.execPath} ${at('bin/powershell.ts')} "$@"\n`);
  await chmod(at('bin/powershell.exe'), 0o755);
  await symlink(new URL('../../providers/hyperv/scripts', import.meta.url).pathname, at('scripts'));
  await writeFile(at('sshd_config'), configuration(folder, port, maxSessions));
  // sshd wants its empty folder where it is started by root.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true });

  const sshd = spawn('setpriv', ['--pdeathsig', 'TERM', '/usr/sbin/sshd', '-D', '-e', '-f', at('sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const ended = once(sshd, 'close');
  await new Promise<void>((resolve, reject) => {
    sshd.on('error', (cause) => reject(new Error('sshd does not run: install the package openssh-server', { cause })));
    sshd.on('close', (code) => reject(new Error(`sshd has ended (${code}): ${said}`)));
    sshd.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.includes('Server listening')) resolve();
    });
  });
  return {
    ...{ port, folder, passphrase, user: userInfo().username },
    ...{ keyFile: at('user'), encryptedKeyFile: at('locked'), strangerFile: at('stranger') },
    fingerprint: (await run('ssh-keygen', ['-lf', at('host_ed25519.pub')])).stdout.split(' ')[1] ?? '',
    knownHosts: await knownHosts(folder, port),
    told: async () => {
      const lines = await readFile(at('told'), 'utf8').catch(() => '');
      return lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    },
    cut: async () => {
      for (const pid of await sessionsOf(sshd.pid ?? 0)) process.kill(pid, 'SIGKILL');
    },
    [Symbol.asyncDispose]: async () => {
      const sessions = await sessionsOf(sshd.pid ?? 0);
      sshd.kill('SIGTERM');
      await ended;
      for (const pid of sessions) killIfThere(pid);
      listener?.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One JSON document in, one out. */
async function listen(path: string, answer: Answering): Promise<Server> {
  const serve = async (socket: Socket): Promise<void> => {
    const { args, input } = JSON.parse(await text(socket));
    socket.end(JSON.stringify(await answer(args, Buffer.from(input, 'base64'))));
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    void serve(socket).catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

async function makeKey(file: string, type: string, passphrase = ''): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-f', file]);
}

async function knownHosts(folder: string, port: number): Promise<string> {
  const file = join(folder, 'known_hosts');
  const keys = await Promise.all(['host_ed25519', 'host_ecdsa'].map((name) => readFile(join(folder, `${name}.pub`), 'utf8')));
  await writeFile(file, keys.map((key) => `[127.0.0.1]:${port} ${key}`).join(''));
  await run('ssh-keygen', ['-q', '-H', '-f', file]);
  return await readFile(file, 'utf8');
}

/** Processes that sshd forked for its connections. */
async function sessionsOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').map(Number).filter(Boolean);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went with the server.
  }
}

function configuration(folder: string, port: number, maxSessions: number | undefined): string {
  return [
    `ListenAddress 127.0.0.1`,
    `Port ${port}`,
    `HostKey ${folder}/host_ed25519`,
    `HostKey ${folder}/host_ecdsa`,
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    `PidFile none`,
    // The folder is below /tmp, where everybody may make files.
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `SetEnv PATH=${folder}/bin:/usr/bin:/bin`,
    ...(maxSessions === undefined ? [] : [`MaxSessions ${maxSessions}`]),
    '',
  ].join('\n');
}
