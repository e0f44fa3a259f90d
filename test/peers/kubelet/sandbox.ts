/**
 * A process that sees this machine's files below a layer of its own, its own /dev and /tmp, and the mounts of its container: `unshare`, overlayfs
 * and `chroot`. The process itself is the child, so that signals reach it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A folder or file of this machine that the process sees at another place. */
export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Sandbox {
  /** An empty folder of this container alone. */
  readonly folder: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly mounts: readonly Mount[];
  /** Block devices of this machine, by the path where the process sees them. */
  readonly devices: readonly { readonly source: string; readonly target: string }[];
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
}

/** The checkout: what images run is there, also where it is a file system of its own. */
const PROJECT = resolve(import.meta.dirname, '../../..');

export async function startSandbox(sandbox: Sandbox): Promise<ChildProcess> {
  const { folder, argv, env } = sandbox;
  await mkdir(join(folder, 'root'), { recursive: true });
  const outer = join(folder, 'enter.sh');
  await writeFile(outer, enterScript(sandbox));
  await writeFile(join(folder, 'inside.sh'), insideScript(sandbox));
  // Detached: a group of its own, that can be ended as a whole.
  return spawn('unshare', ['--mount', '--propagation', 'private', 'sh', outer, ...argv], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs outside of the new root: puts everything where the inner script finds it. */
function enterScript({ folder, mounts, devices }: Sandbox): string {
  const root = join(folder, 'root');
  const merged = `${root}/merged`;
  const sources = [...mounts.map(({ source }) => source), PROJECT, join(folder, 'inside.sh')];
  return [
    'set -e',
    `export PATH=/usr/sbin:/usr/bin:/sbin:/bin`,
    `mount -t tmpfs none ${quote(root)}`,
    `mkdir ${quote(root)}/upper ${quote(root)}/work ${quote(merged)}`,
    `mount -t overlay overlay -o lowerdir=/,upperdir=${root}/upper,workdir=${root}/work ${quote(merged)}`,
    `mount -t tmpfs none ${quote(`${merged}/dev`)}`,
    `mount -t tmpfs none ${quote(`${merged}/tmp`)} && chmod 1777 ${quote(`${merged}/tmp`)}`,
    `mount --rbind /proc ${quote(`${merged}/proc`)}`,
    `mount --rbind /sys ${quote(`${merged}/sys`)}`,
    ...['null c 1 3', 'zero c 1 5', 'full c 1 7', 'random c 1 8', 'urandom c 1 9', 'tty c 5 0'].map(
      (node) => `mknod -m 666 ${quote(`${merged}/dev/`)}${node}`,
    ),
    // As every container has them: libguestfs opens descriptors by these names.
    ...['fd', 'fd/0 stdin', 'fd/1 stdout', 'fd/2 stderr'].map((link) => {
      const [to = '', name = to] = link.split(' ');
      return `ln -s /proc/self/${to} ${quote(`${merged}/dev/${name}`)}`;
    }),
    `mkdir ${quote(`${merged}/.sources`)}`,
    ...sources.flatMap((source, index) => {
      const place = quote(`${merged}/.sources/${index}`);
      return [
        `if [ -d ${quote(source)} ]; then mkdir ${place}; else touch ${place}; fi`,
        `mount --bind ${quote(source)} ${place}`,
      ];
    }),
    // Numbers are read here: the device itself is not below the new /dev.
    ...devices.map(
      ({ source }, index) => `echo $(stat -c '%t %T' ${quote(source)}) > ${quote(`${merged}/.sources/device-${index}`)}`,
    ),
    `exec chroot ${quote(merged)} sh /.sources/${sources.length - 1} "$@"`,
    '',
  ].join('\n');
}

/** Runs inside of it: links such as /var/run lead to the right places only from here. */
function insideScript({ mounts, devices, workingDir, user, group, groups }: Sandbox): string {
  const project = mounts.length;
  const all = [...mounts, { source: PROJECT, target: PROJECT, readOnly: true }];
  return [
    'set -e',
    ...all.flatMap(({ target, readOnly }, index) => [
      `if [ -d /.sources/${index} ]; then mkdir -p ${quote(target)}; else mkdir -p "$(dirname ${quote(target)})"; touch ${quote(target)}; fi`,
      `mount --bind /.sources/${index} ${quote(target)}`,
      ...(readOnly && index !== project ? [`mount -o remount,bind,ro ${quote(target)}`] : []),
    ]),
    ...devices.flatMap(({ target }, index) => [
      `mkdir -p "$(dirname ${quote(target)})"`,
      `read -r major minor < /.sources/device-${index}`,
      `mknod -m 660 ${quote(target)} b $((0x$major)) $((0x$minor))`,
      `chown ${user}:${groups[0] ?? group} ${quote(target)}`,
    ]),
    `cd ${quote(workingDir)}`,
    `exec setpriv --reuid ${user} --regid ${group} ${groups.length > 0 ? `--groups ${groups.join(',')}` : '--clear-groups'} --no-new-privs "$@"`,
    '',
  ].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
