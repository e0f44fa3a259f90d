/**
 * SIGKILL at seeded random moments of `kubeferry migrate --to DIR`, then `--resume`: the result is the same as that of a run
 * that nobody disturbed, no program goes on without its parent and no temporary is left.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededWords } from '../fakes/seeded.ts';
import { MiB, rawDisk, run, type Scratch, scratch } from '../transfer/fixture.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const KILLS = 5;
const SEED = 20_261_122;

let place: Scratch;
let source: string;
let expected: ReadonlyMap<string, Buffer>;
/** Milliseconds that an undisturbed run takes on this machine. */
let duration: number;

/** From 0 to 1. */
function seeded(seed: number): () => number {
  const words = seededWords(seed);
  return () => words() / 2 ** 32;
}

before(async () => {
  place = await scratch();
  source = place.path('guest');
  await mkdir(source);
  await mkdir(place.path('tmp'));
  const raw = place.path('disk.raw');
  await rawDisk(raw, 48 * MiB, [
    { offset: 0, length: 8 * MiB },
    { offset: 30 * MiB, length: 4 * MiB },
  ]);
  for (const format of ['monolithicSparse', 'streamOptimized']) {
    const file = path.join(source, `${format}.vmdk`);
    await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o', `subformat=${format},adapter_type=lsilogic`, raw, file);
  }
  await writeFile(path.join(source, 'guest.vmx'), VMX);
  const started = performance.now();
  assert.equal(await migrate(place.path('undisturbed'), []), 0);
  duration = performance.now() - started;
  expected = await contentOf(place.path('undisturbed'));
  const disks = [...expected.keys()].filter((name) => expected.get(name)?.length === 48 * MiB);
  assert.equal(disks.length, 2, 'both disks arrived');
});

after(async () => {
  await place[Symbol.asyncDispose]();
});

const VMX = `.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "19"
displayName = "guest"
guestOS = "debian12-64"
memsize = "512"
numvcpus = "1"
uuid.bios = "56 4d 10 11 12 13 14 15-16 17 18 19 1a 1b 1c 1d"
scsi0.present = "TRUE"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "TRUE"
scsi0:0.fileName = "monolithicSparse.vmdk"
scsi0:1.present = "TRUE"
scsi0:1.fileName = "streamOptimized.vmdk"
`;

/** Runs the command to its end, or kills it after so many milliseconds. Returns its exit status, -1 when it was killed. */
async function migrate(folder: string, options: readonly string[], killAfter?: number): Promise<number> {
  const argv = [MAIN, 'migrate', '--guest', 'none', source, '--to', folder, ...options];
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, TMPDIR: place.path('tmp') },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  if (killAfter !== undefined) {
    await Promise.race([closed, delay(killAfter)]);
    child.kill('SIGKILL');
  }
  const [status] = await closed;
  if (killAfter === undefined) assert.equal(status, 0, said);
  await assertNothingRuns();
  return status ?? -1;
}

/** No program that works on our files is alive: they die with their parent. The kernel may take a moment to bury them. */
async function assertNothingRuns(): Promise<void> {
  for (let patience = 100; ; patience -= 1) {
    const running = await programsOnOurFiles();
    if (running.length === 0) return;
    assert.ok(patience > 0, `still running: ${running.join(', ')}`);
    await delay(10);
  }
}

async function programsOnOurFiles(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const targets = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    if (targets.some((target) => target.startsWith(place.folder))) found.push(pid);
  }
  return found;
}

/** What has to be the same in every run: disks and manifests, not reports and progress, which tell the time. */
async function contentOf(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const stable = files.filter((file) => /\.(raw|img|ya?ml)$/.test(file)).toSorted();
  return new Map(await Promise.all(stable.map(async (file) => [path.relative(folder, file), await readFile(file)] as const)));
}

async function assertComplete(folder: string): Promise<void> {
  const content = await contentOf(folder);
  assert.deepEqual([...content.keys()], [...expected.keys()]);
  for (const [name, bytes] of expected) assert.ok(content.get(name)?.equals(bytes), `${name} differs`);
  const names = await readdir(folder, { recursive: true });
  assert.deepEqual(
    names.filter((name) => /partial|journal|tmp/.test(name)),
    [],
  );
}

/** Workspaces of processes that are gone: nobody else uses this temporary folder. */
async function orphans(): Promise<readonly string[]> {
  return (await readdir(place.path('tmp'))).filter((name) => name.startsWith('kubeferry-'));
}

test(`a migration killed at any of ${KILLS} moments is finished by --resume with the same result`, async () => {
  const random = seeded(SEED);
  for (let round = 0; round < KILLS; round += 1) {
    const folder = place.path(`killed-${round}`);
    const status = await migrate(folder, [], (0.2 + 0.8 * random()) * duration);
    const half = await contentOf(folder).catch(() => new Map<string, Buffer>());
    for (const [name, bytes] of half)
      assert.ok(expected.get(name)?.equals(bytes), `${name} has its final name and is not complete`);
    const begun = (await readdir(folder).catch(() => [])).length > 0;
    await migrate(folder, begun ? ['--resume'] : [], undefined);
    await assertComplete(folder);
    assert.ok(status === -1 || status === 0);
  }
  assert.deepEqual(await orphans(), []);
});

test('a migration killed again and again is finished in the end', async () => {
  const random = seeded(SEED + 1);
  const folder = place.path('again-and-again');
  for (let round = 0; round < 3; round += 1) {
    const begun = (await readdir(folder).catch(() => [])).length > 0;
    await migrate(folder, begun ? ['--resume'] : [], duration * (0.3 + 0.5 * random()));
  }
  await migrate(folder, ['--resume']);
  await assertComplete(folder);
});

test('what one run has finished the next one does not copy again', async () => {
  const folder = place.path('finished');
  await cp(place.path('undisturbed'), folder, { recursive: true, preserveTimestamps: true });
  const before = await contentOf(folder);
  await migrate(folder, ['--resume']);
  assert.deepEqual([...(await contentOf(folder)).keys()], [...before.keys()]);
  await assertComplete(folder);
});
