/** The words around a conversion on this machine. Its converter is a stand-in: real ones are in test/scenarios/guests. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import type { ConverterOptions, GuestConverter } from '../../src/contracts/guest-converter.ts';
import { parseKeys } from '../../src/convert/keys.ts';
import { LocalConversions } from '../../src/convert/local-conversions.ts';
import type { ConversionRequest } from '../../src/model/conversion.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { VmPlan } from '../../src/model/plan.ts';
import type { MacAddress } from '../../src/model/units.ts';
import { FileHasher } from '../../src/transfer/hash-file.ts';
import { createQueue } from '../../src/transfer/queue.ts';
import { inspected } from '../assess/guest/sample.ts';
import { fakePlan, fakeVm } from '../fakes/vm.ts';

const folder = await mkdtemp(path.join(os.tmpdir(), 'local-conversions-'));
after(() => rm(folder, { recursive: true }));

const MiB = 1024 ** 2;
const work = { signal: new AbortController().signal, onProgress: () => undefined, onWait: () => undefined };

/** Writes sevens to the beginning of the first disk. */
const STAND_IN: GuestConverter = {
  inspect: () => assert.fail('nobody looks'),
  convert: async ({ disks }) => {
    const [first] = disks;
    await writeFile(first?.path ?? '', Buffer.alloc(2 * MiB, 7));
    const changed = [{ offset: 0, length: 2 * MiB }];
    const seconds = [{ phase: 'convert', seconds: 1 }] as const;
    const written = disks.map(({ key }, at) => ({ key, changed: at === 0 ? changed : [] }));
    return { accelerator: 'tcg', converter: 'stand-in 1', changes: [], warnings: [], seconds, disks: written };
  },
};

function conversions(converter: GuestConverter, perPlan = 2): LocalConversions {
  return new LocalConversions({
    ...{ converter, hasher: new FileHasher(), queue: createQueue({ perPlan }) },
    workspaceOf: ({ mapping }) => path.join(folder, 'work', mapping.targetName),
    accelerator: async () => 'tcg',
  });
}

function planned(name: string, more: VmPlan['conversion'] = { policy: 'convert' }): VmPlan {
  const plan = fakePlan(fakeVm({ name }));
  return { ...plan, mapping: { ...plan.mapping, targetName: name }, conversion: more };
}

async function request(vm: string): Promise<ConversionRequest> {
  const disks = ['a', 'b'].map((key) => ({ key, path: path.join(folder, `${vm}-${key}.img`), proven: 2 * MiB }));
  for (const disk of disks) await writeFile(disk.path, Buffer.alloc(2 * MiB, 1));
  return { vm, copy: 'first', disks, firmware: 'bios', nics: [] };
}

test('disks that were proven are hashed again where they changed, and only there', async () => {
  const asked = await request('web');
  const outcome = await conversions(STAND_IN).convert(planned('web'), asked, work);
  const root = await new FileHasher().rootOf(
    { id: 'web/a', path: asked.disks[0]?.path ?? '', size: 2 * MiB },
    { ...work, onProgress: () => undefined },
  );
  assert.deepEqual(outcome.disks, [{ disk: 'a', changed: 2 * MiB, root }]);
  assert.equal(outcome.copy, 'first');
});

test('a copy that was not proven stays unproven', async () => {
  const { disks, ...rest } = await request('unproven');
  const bare = { ...rest, disks: disks.map(({ key, path: place }) => ({ key, path: place })) };
  const outcome = await conversions(STAND_IN).convert(planned('unproven'), bare, work);
  assert.deepEqual(outcome.disks, [{ disk: 'a', changed: 2 * MiB }]);
});

test('as many guests are converted at once as there is room for, and nothing is left of them', async () => {
  let now = 0;
  let most = 0;
  const slow: GuestConverter = {
    ...STAND_IN,
    convert: async (asked, options) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 20));
      now -= 1;
      return await STAND_IN.convert(asked, options);
    },
  };
  const parts = conversions(slow, 2);
  const names = ['one', 'two', 'three', 'four'];
  await Promise.all(names.map(async (name) => await parts.convert(planned(name), await request(name), work)));
  assert.equal(most, 2);
  assert.ok((await readdir(path.join(folder, 'work'))).includes('one'));
  for (const name of [...names, 'web', 'unproven']) await parts.release(planned(name));
  assert.deepEqual(await readdir(path.join(folder, 'work')), []);
});

test('a guest that is only looked into tells its addresses and its agent too', async () => {
  const text = 'auto ens192\niface ens192 inet static\n  address 192.0.2.10/24\n';
  const network = [{ kind: 'ifupdown', path: '/etc/network/interfaces', text }] as const;
  const nics = [{ label: 'Network adapter 1', mac: '00:50:56:00:00:01' as MacAddress }];
  const facts = { network, tools: ['qemu-guest-agent'], applicationCount: 300 } as const;
  const looking = (more: Parameters<typeof inspected>[0]): GuestConverter => ({
    ...STAND_IN,
    inspect: async () => inspected(more),
  });
  const asked = { ...(await request('ready')), nics };
  const outcome = await conversions(looking(facts)).convert(planned('ready', { policy: 'skip' }), asked, work);
  assert.equal(outcome.policy, 'skip');
  assert.deepEqual(outcome.configured, [{ mac: '00:50:56:00:00:01', addresses: ['192.0.2.10/24'], gateways: [] }]);
  assert.equal(outcome.agent, 'present');
  const unlisted = conversions(looking({ ...facts, tools: [], applicationCount: 0 }));
  assert.equal((await unlisted.convert(planned('ready', { policy: 'skip' }), asked, work)).agent, undefined);
});

test('keys are read where they lie, and reach the converter', async () => {
  const file = path.join(folder, 'keys');
  await writeFile(file, 'correct horse=battery\n/dev/sda2=a=b\n\n7d444840-9dc0-11d1-b245-5ffdce74fad2=third\r\n');
  const seen: ConverterOptions['keys'][] = [];
  const converter: GuestConverter = {
    ...STAND_IN,
    convert: (asked, options) => {
      seen.push(options.keys);
      return STAND_IN.convert(asked, options);
    },
  };
  await conversions(converter).convert(planned('locked', { policy: 'convert', keys: file }), await request('locked'), work);
  assert.deepEqual(seen, [
    [
      { passphrase: 'correct horse=battery' },
      { volume: '/dev/sda2', passphrase: 'a=b' },
      { volume: '7d444840-9dc0-11d1-b245-5ffdce74fad2', passphrase: 'third' },
    ],
  ]);
  assert.deepEqual(parseKeys('\n'), []);
});

test('what is missing is told before anything is copied', async () => {
  const parts = conversions(STAND_IN);
  const refused = async (terms: VmPlan['conversion'], code: string): Promise<void> =>
    await assert.rejects(parts.check([planned('web', terms)]), (error) => error instanceof MigrationError && error.code === code);
  await refused({ policy: 'convert', keys: path.join(folder, 'none') }, 'config-invalid');
  await refused({ policy: 'convert', virtioWin: path.join(folder, 'none') }, 'virtio-win-missing');
  const { PATH } = process.env;
  process.env['PATH'] = folder;
  try {
    await refused({ policy: 'convert' }, 'tool-missing');
    await parts.check([planned('web', { policy: 'none' }), planned('old', { policy: 'compatibility' })]);
  } finally {
    process.env['PATH'] = PATH;
  }
});
