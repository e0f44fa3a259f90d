import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { readTables } from '../../src/cli/map-files.ts';
import { addVmOptions, type VmFlags, vmOptions } from '../../src/cli/vm-options.ts';

function parse(...args: readonly string[]): ReturnType<typeof vmOptions> {
  const command = addVmOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return vmOptions(command.parse(args, { from: 'user' }).opts<VmFlags>());
}

test('without options nothing is asked of the mapping', () => {
  assert.deepEqual(parse(), {});
});

test('every option reaches the mapping', () => {
  const given = `--cpu-model host-model --machine-type pc-q35-9.2 --timezone Europe/Berlin --dedicated-cpus all --hugepages 1Gi
    --reservations 2400 --instancetypes exact --allocation full --passthrough-disks lun --placement-rules required
    --run-strategy Always --vm-names prod-{vm} --claim-names {vm}-{disk} --nic-names eth{nic}`;
  assert.deepEqual(parse(...given.split(/\s+/)), {
    cpuModel: 'host-model',
    machineType: 'pc-q35-9.2',
    timezone: 'Europe/Berlin',
    dedicatedCpus: 'all',
    hugepages: '1Gi',
    reservations: { mhzPerCpu: 2400 },
    instancetypes: 'exact',
    allocation: 'full',
    passthroughDisks: 'lun',
    placementRules: 'required',
    runStrategy: 'Always',
    vmNames: 'prod-{vm}',
    claimNames: '{vm}-{disk}',
    nicNames: 'eth{nic}',
  });
  assert.deepEqual(parse('--reservations'), { reservations: {} });
});

test('values that cannot be are refused with what would do', () => {
  for (const [flag, value] of [
    ['--machine-type', 'pc-i440fx-9.2'],
    ['--timezone', 'Mars/Olympus'],
    ['--reservations', '5'],
    ['--claim-names', '{vm}'],
    ['--nic-names', 'eth'],
    ['--cpu-model', 'a b'],
  ] as const) {
    assert.throws(() => parse(flag, value), { code: 'commander.invalidArgument' }, flag);
  }
});

test('a storage map may go by policy, VM and disk, and two entries about the same are told', async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, 'map.yaml');
  const entry = (source: string): string => `    - { source: ${source}, target: { storageClass: fast, preallocate: true } }\n`;
  const head = 'apiVersion: kubeferry.dev/v1alpha1\nkind: StorageMap\nspec:\n  entries:\n';
  await writeFile(file, head + entry('"*"') + entry('{ policy: gold }') + entry('{ vm: web, disk: "scsi0:1" }'));
  const { storageMap } = await readTables({ storageMap: file }, { devices: 'virtio' });
  assert.deepEqual(
    storageMap.entries.map(({ source }) => source),
    ['*', { policy: 'gold' }, { vm: 'web', disk: 'scsi0:1' }],
  );
  await writeFile(file, head + entry('{ vm: web, disk: a }') + entry('{ disk: a, vm: web }') + entry('{}'));
  await assert.rejects(readTables({ storageMap: file }, { devices: 'virtio' }), /wrong in 2 places/);
});

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-maps-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
