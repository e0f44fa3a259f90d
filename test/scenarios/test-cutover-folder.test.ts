/** A test of a target in a folder while the VM waits: the machine of its manifest starts over it, and nothing is copied to it meanwhile. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { Services } from '../../src/cli/services.ts';
import { convertAside } from '../../src/convert/guest/convert-aside.ts';
import { guestTrials } from '../../src/convert/local-trials.ts';
import type { ConversionRequest } from '../../src/model/conversion.ts';
import { openFolder } from '../../src/wire.ts';
import { kubeferry, type Session } from '../cli/session.ts';
import { startVcenter } from '../peers/vcenter.ts';

const MiB = 1024 * 1024;
const execute = promisify(execFile);
const scratch = await mkdtemp(path.join(tmpdir(), 'kubeferry-test-cutover-'));
const vcenter = await startVcenter({ vms: 1 });
after(async () => {
  await vcenter[Symbol.asyncDispose]();
  await rm(scratch, { recursive: true, force: true });
});

const SOURCE = `vsphere://${encodeURIComponent(vcenter.username)}@${vcenter.host}:${vcenter.port}`;
/** Its guests hold no system: the cutover has nothing to do to them. */
const guests = (): ReturnType<ReturnType<typeof openFolder>['guests']> => ({
  conversions: {
    check: async () => undefined,
    convert: async (_plan, { copy }) => ({
      ...{ policy: 'convert', copy, accelerator: 'tcg', changes: [], warnings: [], seconds: [], disks: [] },
    }),
    release: async () => undefined,
  },
  prover: { check: async () => undefined, prove: async () => undefined },
});
const services: Partial<Services> = {
  credentials: { environment: { KUBEFERRY_PASSWORD: vcenter.password } },
  openFolder: (folder) => ({ ...openFolder(folder), guests }),
};

/** Writes a mark to each overlay, in place of a converter that takes minutes. */
const tried: ConversionRequest[] = [];
const tryGuest = guestTrials({
  accelerator: async () => 'tcg',
  converter: {
    inspect: () => assert.fail('nobody looks'),
    convert: () => assert.fail('nothing is committed'),
    convertAside: async (request, options) =>
      await convertAside(request, options, async (overlays) => {
        tried.push(request);
        options.onProgress?.({ phase: 'convert', text: 'Picking a kernel' });
        for (const { overlay } of overlays) await execute('qemu-io', ['-c', 'write -P 0xab 0 64k', overlay]);
        return { accelerator: 'tcg', converter: 'played 1', guest: 'Played Linux', changes: [], warnings: [], seconds: [] };
      }),
  },
});

async function until(folder: string, pattern: RegExp): Promise<void> {
  while (!pattern.test((await kubeferry(['status', folder])).out)) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Starts the script, and ends its machine as soon as that has answered. */
async function answerOf(script: string): Promise<string> {
  const machine = spawn(script, ['-S', '-display', 'none', '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [machine.stdout, machine.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
  machine.stdin.end('{"execute":"qmp_capabilities"}\n{"execute":"query-block"}\n{"execute":"quit"}\n');
  await once(machine, 'close');
  return said;
}

test('a target is tested while its VM waits, stands still meanwhile, and the migration ends with the right bytes', async () => {
  const guest = await vcenter.guest('web', { disks: [2 * MiB, MiB], seed: 3, writeEvery: 3 });
  const folder = path.join(scratch, 'web');
  const args = [
    '--thumbprint',
    vcenter.thumbprint.sha256,
    '--to',
    folder,
    '--warm',
    '--cutover',
    'manual',
    '--source-rename',
    ' (gone)',
  ];
  const running = kubeferry(
    ['migrate', '--guest', 'convert', '--guest-root', '/dev/sda1', '--prove', 'none', SOURCE, 'web', ...args],
    { services },
  );
  await until(folder, /somebody has to say when/);

  const begun: Session = await kubeferry(['test-cutover', folder, 'web', '--wait'], { services: { tryGuest } });
  assert.equal(begun.code, 0, begun.err);
  assert.match(begun.err, /^web: Picking a kernel\nweb: Played Linux was converted by played 1: 0 s$/m);
  assert.partialDeepStrictEqual(tried, [{ vm: 'web', root: '/dev/sda1', firmware: 'bios', nics: [{ label: 'ethernet-0' }] }]);
  const script = begun.out.trim();
  assert.equal(script, path.join(folder, 'web', 'test', 'start.sh'));
  await until(folder, /a test of its target holds it/);
  const bases = (await readdir(path.join(folder, 'web', 'disks'))).filter((name) => name.endsWith('.img.partial')).sort();
  const contents = await Promise.all(bases.map((name) => readFile(path.join(folder, 'web', 'disks', name))));
  assert.deepEqual(
    contents.map(({ length }) => length),
    [2 * MiB, MiB],
  );
  for (const [index, name] of bases.entries()) {
    const overlay = path.join(folder, 'web', 'test', 'conversion', `overlay-${index}.qcow2`);
    await execute('qemu-img', ['convert', '-O', 'raw', overlay, path.join(scratch, name)]);
    const expected = Buffer.from(contents[index] ?? '').fill(0xab, 0, 65_536);
    assert.ok((await readFile(path.join(scratch, name))).equals(expected), 'the target of its moment, converted');
    await execute('qemu-io', ['-c', 'write -P 0xee 0 64k', overlay]);
    const now = await readFile(path.join(folder, 'web', 'disks', name));
    assert.ok(contents[index]?.equals(now), 'what a test writes does not reach the target');
  }
  assert.match(await answerOf(script), /"qcow2"/);
  assert.match((await kubeferry(['test-cutover', folder])).err, /web is tested already/);
  const asked = await kubeferry(['cutover', folder, '--yes']);
  assert.equal(asked.code, 0);
  await until(folder, /a test of its target holds it.*cutover asked for/);
  assert.equal(guest.on, true);

  assert.equal((await kubeferry(['test-cutover', folder, '--end'])).code, 0);
  assert.equal(existsSync(path.join(folder, 'web', 'test')), false);
  const { code, out, err } = await running;
  assert.equal(code, 0, `${out}\n${err}`);
  const rest = guest.rests.at(-1) ?? assert.fail('the guest was not shut down');
  for (const [index, disk] of guest.disks.entries()) {
    const file = path.join(folder, 'web', 'disks', bases[index]?.replace('.partial', '') ?? '');
    assert.ok((await readFile(file)).equals(rest.content(disk.key) ?? Buffer.alloc(0)), `${file} differs`);
  }

  const inventory = await kubeferry(['inventory', SOURCE, '--thumbprint', vcenter.thumbprint.sha256], { services });
  assert.match(inventory.out, /web \(gone\)/, 'the source is renamed in the end');

  const finished = await kubeferry(['test-cutover', folder, 'web'], { services: { tryGuest } });
  assert.equal(finished.code, 0, finished.err);
  assert.equal(tried.length, 1, 'what is converted already is not converted again');
  assert.match(await answerOf(script), /"qcow2"/);
});
