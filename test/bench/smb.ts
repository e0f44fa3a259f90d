/**
 * A dynamic VHDX on a share against `smbclient get` of a raw file with as many bytes as it holds: samba's own client, which asks for many
 * ranges at once as we do, under the same signatures. (`cp` from a mount would need the kernel's client, which is not everywhere; from a mount of
 * smbnetfs, by FUSE, it was measured at 0.6 of smbclient's pace.) Whole processes; the server runs on the same cores. The VHDX has holes, which are not read, and becomes a
 * sparse raw disk. A server that knows no GMAC (Windows before 2022) is measured too: there smbclient signs by CMAC, and we seal by GCM.
 */
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes, GiB, MiB } from '../../src/model/units.ts';
import { type Samba, startSamba } from '../peers/samba.ts';
import { SHARE } from '../transfer/transports/smb/fixture.ts';
import { writeServerDisk } from './disk-image.ts';
import { buildScript } from './engine-build.ts';
import { inWorkFolder } from './machine.ts';
import { type Case, type Command, interleave, median, runCommand, type Timings } from './measure.ts';
import { dataExtents } from './range-peers.ts';
import type { Bench, BenchOptions, BenchResult, Reach } from './result.ts';
import type { SmbRun } from './smb-run.ts';

const PEER = 'smbclient get';
const OURS: readonly (readonly [SmbRun['how'], string])[] = [
  ['plain', 'the reader alone'],
  ['engine', 'kubeferry'],
  ['proven', 'kubeferry, proven'],
];
const OLDER = 'no GMAC: ';
const BLOCK = MiB;

export const smb: Bench = {
  name: 'smb',
  run: (options) => inWorkFolder(GiB + 4 * options.diskBytes, (folder) => measure(folder, options)),
};

async function measure(folder: string, { diskBytes: size, rounds, say }: BenchOptions): Promise<BenchResult> {
  const served = path.join(folder, 'served');
  const output = path.join(folder, 'out');
  await mkdir(served);
  say(`writing a disk of ${formatBytes(size)}, a VHDX of it and a file of what that holds …`);
  const raw = path.join(folder, 'disk.raw');
  await writeServerDisk(raw, size);
  const dynamic = ['-o', 'subformat=dynamic,block_size=1M'];
  const image = path.join(served, 'disk.vhdx');
  await runCommand({ program: 'qemu-img', args: ['convert', '-f', 'raw', '-O', 'vhdx', ...dynamic, raw, image] });
  const held = await pack(raw, path.join(served, 'packed.raw'));
  const script = await buildScript('smb-run', path.join(folder, 'installed'));
  const shares = { [SHARE]: served };
  await using now = await startSamba({ shares });
  await using older = await startSamba({ shares, signing: ['aes-128-cmac'] });
  const target = path.join(output, 'disk.img');
  const prepare = async (): Promise<void> => {
    await rm(output, { recursive: true, force: true });
    await mkdir(output);
  };
  const ours = ({ port, user, password }: Samba, how: SmbRun['how'], lap: string): Command => {
    const run: SmbRun = { port, user, password, name: 'disk.vhdx', capacity: size, target, how };
    const env = { KUBEFERRY_BENCH_SMB: JSON.stringify(run), NODE_COMPILE_CACHE: path.join(folder, 'cache') };
    return { program: process.execPath, args: [script], env, lap, cpuLap: cpu(lap) };
  };
  const peer = ({ configurationFile, loginFile, port }: Samba, lap: string): Command => {
    const login = ['-s', configurationFile, '-A', loginFile, '-p', String(port)];
    const args = [...login, `//127.0.0.1/${SHARE}`, '-c', `get packed.raw ${target}`];
    return { program: 'smbclient', args, lap, cpuLap: cpu(lap) };
  };
  const commands = [now, older].flatMap((server) => {
    const name = (lap: string): string => (server === now ? lap : `${OLDER}${lap}`);
    return [...OURS.map(([how, lap]) => ours(server, how, name(lap))), peer(server, name(PEER))];
  });
  say('warming up: is the result right? …');
  for (const command of commands) {
    await prepare();
    await runCommand(command);
    if (command.program === 'smbclient') continue;
    await runCommand({ program: 'qemu-img', args: ['compare', '-f', 'raw', '-F', 'raw', raw, target] });
  }
  const cases: readonly Case[] = commands.map((command) => ({ prepare, commands: [command] }));
  const timings = await interleave(cases, rounds, (round) => say(`round ${round + 1} of ${rounds} …`));
  const title = `Dynamic VHDX of ${formatBytes(size)} that holds ${formatBytes(held)}, over SMB, in ${path.dirname(folder)}`;
  return { title, timings, reaches: reaches(timings, held) };
}

/** A file of all blocks that a VHDX of this disk holds, one behind the other. */
async function pack(raw: string, target: string): Promise<number> {
  const blocks = new Set<number>();
  for (const { offset, length } of await dataExtents(raw)) {
    for (let at = Math.floor(offset / BLOCK); at * BLOCK < offset + length; at += 1) blocks.add(at);
  }
  await using disk = await open(raw);
  await using file = await open(target, 'w');
  const content = new Uint8Array(BLOCK);
  for (const block of blocks) {
    await disk.read(content, 0, BLOCK, block * BLOCK);
    await file.write(content);
  }
  return blocks.size * BLOCK;
}

function cpu(lap: string): string {
  return `${lap}, CPU`;
}

function reaches(timings: Timings, held: number): readonly Reach[] {
  const of = (lap: string): number => median(timings.get(lap) ?? []);
  const each = ['', OLDER].flatMap((prefix) => {
    return OURS.map(([, lap]): Reach => {
      const value = of(prefix + PEER) / of(prefix + lap);
      return {
        what: `${prefix}${lap} against ${PEER}`,
        value: `${value.toFixed(2)} ×`,
        goal: 'at least 0.9 ×',
        reached: value >= 0.9,
      };
    });
  });
  const seconds = [PEER, ...OURS.map(([, lap]) => lap)].flatMap((lap) => [lap, OLDER + lap]);
  return [
    ...each,
    ...seconds.map((lap) => ({ what: `CPU seconds for a GB, ${lap}`, value: ((1e9 * of(cpu(lap))) / held).toFixed(2) })),
  ];
}
