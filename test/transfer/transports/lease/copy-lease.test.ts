/** Exports over TLS: from a server of our own that behaves badly to order, from the stand-in vCenter, and from vcsim by itself. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { vsphereProvider } from '../../../../providers/vsphere/index.ts';
import type { SourceAccess } from '../../../../src/contracts/source-access.ts';
import type { LeaseSource } from '../../../../src/model/transfer.ts';
import { BlockWorkers } from '../../../../src/transfer/blocks/workers.ts';
import { openJournal } from '../../../../src/transfer/journal/disk-journal.ts';
import { copyLease, type LeaseCopy } from '../../../../src/transfer/transports/lease/copy-lease.ts';
import { startVcenter } from '../../../peers/vcenter.ts';
import { startVcsim } from '../../../peers/vcsim.ts';
import { optionsFor, sourceOf } from '../../../providers/vsphere/simulator.ts';
import { fails, MiB, rawDisk, run, type Scratch, scratch } from '../../fixture.ts';
import { MemoryStore } from '../../journal/memory-store.ts';
import { fileWriter } from '../../landing.ts';
import { type Behaviour, CAPACITY, CONTENT, exporter, GRAIN, NUMBERS, SOURCE, VMDK } from './exporter.ts';

interface Attempt {
  readonly source?: LeaseSource;
  readonly access: SourceAccess;
  readonly signal?: AbortSignal;
  readonly patience?: number;
  readonly name?: string;
  readonly workers?: BlockWorkers;
}

async function attempt(place: Scratch, { source = SOURCE, access, ...more }: Attempt): Promise<LeaseCopy> {
  const workers = more.workers ?? new BlockWorkers({ threads: 1 });
  await using _ = workers.lease();
  await using writer = await fileWriter(place.path(more.name ?? 'out.raw'), source.capacity);
  const journal = await openJournal({ store: new MemoryStore(), size: source.capacity, identity: 'export' });
  await journal.begin({ id: 'first', kind: 'full' });
  const result = await copyLease(source, access, {
    writer,
    journal,
    workers,
    signal: more.signal ?? new AbortController().signal,
    onBytes: () => undefined,
    ...(more.patience !== undefined && { patience: more.patience }),
  });
  await journal.end(() => writer.sync());
  return result;
}

test('an export without a length is read to its end, and the lease completed', async () => {
  await using place = await scratch();
  await using server = await exporter((_, response) => void response.end(VMDK.image));
  const result = await attempt(place, server);
  assert.ok((await readFile(place.path('out.raw'))).equals(CONTENT));
  assert.deepEqual(server.told, ['progress', 'complete', 'end']);
  assert.equal(result.allocated, NUMBERS.length * GRAIN);
  assert.match(result.transport, /^lease: /);
});

test('a session that has ended is renewed once', async () => {
  await using place = await scratch();
  await using server = await exporter((request, response) => {
    if (request.headers.cookie !== 'second') response.writeHead(401).end();
    else response.end(VMDK.image);
  });
  await attempt(place, server);
  assert.deepEqual(server.asked, [{ cookie: 'first' }]);
  await using closed = await exporter((_, response) => void response.writeHead(403).end());
  await fails(attempt(place, closed), 'source-forbidden');
});

/** What a server can do to us, and what is said about it. */
const BAD: Readonly<Record<string, readonly [string, RegExp, Behaviour]>> = {
  'a stream that is cut in the middle': [
    'source-read-failed',
    /broke off after \d+ bytes/,
    (_, response) => {
      response.write(VMDK.image.subarray(0, 150_000), () => response.destroy());
    },
  ],
  'a body that is shorter than announced': [
    'source-read-failed',
    /broke off after \d+ bytes/,
    (_, response) => {
      response.writeHead(200, { 'content-length': VMDK.image.length });
      response.write(VMDK.image.subarray(0, 150_000), () => response.socket?.end());
    },
  ],
  'an export that ends in good order too early': [
    'image-truncated',
    /ends too early, at byte 150000/,
    (_, response) => void response.end(VMDK.image.subarray(0, 150_000)),
  ],
  'a server that falls silent': [
    'source-read-failed',
    /sent nothing for .* after \d+ bytes/,
    (_, response) => void response.write(VMDK.image.subarray(0, 150_000)),
  ],
  'a server that never answers': ['source-read-failed', /sent nothing for/, () => undefined],
  'an export that is over': ['source-read-failed', /404.*has ended/, (_, response) => void response.writeHead(404).end()],
  'an answer that is no disk': ['image-malformed', /VMDK/, (_, response) => void response.end('<html>'.repeat(1000))],
};

for (const [what, [code, words, behave]] of Object.entries(BAD)) {
  test(`${what} is an error that says so, and the lease is given up`, async () => {
    await using place = await scratch();
    await using server = await exporter(behave);
    await fails(attempt(place, { ...server, patience: 300 }), code, words);
    assert.equal(server.told.at(-1), 'end');
    assert.ok(!server.told.includes('complete'));
  });
}

test('nothing is said to a server with another certificate', async () => {
  await using place = await scratch();
  let requests = 0;
  await using server = await exporter((_, response) => {
    requests += 1;
    response.end(VMDK.image);
  }, 'wrong');
  await fails(attempt(place, server), 'source-untrusted');
  assert.equal(requests, 0);
});

test('aborting ends within a second, and the lease is given up', async () => {
  await using place = await scratch();
  const abort = new AbortController();
  let aborted = 0;
  await using server = await exporter((_, response) => {
    response.write(VMDK.image.subarray(0, 150_000), () => {
      aborted = performance.now();
      abort.abort();
    });
  });
  await fails(attempt(place, { ...server, signal: abort.signal }), 'canceled');
  assert.ok(performance.now() - aborted < 1000);
  assert.deepEqual(server.told.at(-1), 'end');
});

test('an export of another size than was told is refused', async () => {
  await using place = await scratch();
  await using server = await exporter((_, response) => void response.end(VMDK.image));
  await fails(attempt(place, { ...server, source: { ...SOURCE, capacity: CAPACITY - MiB } }), 'capacity-smaller-than-image');
  await fails(attempt(place, { ...server, source: { ...SOURCE, capacity: CAPACITY + MiB } }), 'image-truncated', /8.00 MiB/);
});

test('two disks of a vCenter are read at once on one lease, and a failure gives it back', async (t) => {
  await using place = await scratch();
  const server = await startVcenter({ vms: 1, autostart: false });
  t.after(async () => await server[Symbol.asyncDispose]());
  await server.govc(['vm.disk.create', '-vm', 'DC0_H0_VM0', '-name', 'DC0_H0_VM0/disk2', '-size', '4M']);
  const guest = await server.guest('DC0_H0_VM0', { capacity: 4 * MiB });
  const { signal } = new AbortController();
  await using connection = await vsphereProvider.connect(sourceOf(server), { ...optionsFor(server), transport: 'lease' });
  const { access } = connection;
  assert.ok(access);
  const workers = new BlockWorkers({ threads: 2 });
  const vm = { id: guest.vm, name: 'DC0_H0_VM0' };
  const sources = await Promise.all(['scsi0:0', 'scsi0:1'].map((disk) => connection.openDisk(vm, disk, signal)));
  const copies = sources.map((source, at) => {
    assert.ok(source.kind === 'lease');
    return attempt(place, { source, access, workers, name: `disk${at}` });
  });
  await Promise.all(copies);
  for (const [at, disk] of guest.disks.entries()) assert.ok((await readFile(place.path(`disk${at}`))).equals(disk.content()));
  assert.deepEqual(
    server.ledger.leases.map(({ state }) => state),
    ['completed'],
  );
  const [source] = sources;
  assert.ok(source?.kind === 'lease');
  await fails(attempt(place, { source: { ...source, capacity: MiB }, access, workers }), 'capacity-smaller-than-image');
  assert.equal(server.ledger.leases.at(-1)?.state, 'aborted');
});

test('what vcsim serves by a lease of its own is read as it was put there', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk'), 10 * MiB, [{ offset: MiB, length: 3 * MiB }]);
  const vmdk = place.path('disk.vmdk');
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', place.path('disk'), vmdk);
  await using server = await startVcsim({ vms: 1, autostart: false });
  await server.govc(['datastore.upload', '-ds', 'LocalDS_0', vmdk, 'DC0_H0_VM0/disk1.vmdk']);
  await server.govc(['snapshot.create', '-vm', 'DC0_H0_VM0', 'frozen']);
  const { signal } = new AbortController();
  await using connection = await vsphereProvider.connect(sourceOf(server), { ...optionsFor(server), transport: 'lease' });
  assert.ok(connection.access);
  const [vm] = await Array.fromAsync(connection.vms(signal));
  assert.ok(vm);
  const snapshots = await connection.snapshots?.find(vm.ref, 'frozen', signal);
  const source = await connection.openDisk(vm.ref, 'scsi0:0', signal, snapshots?.id);
  assert.ok(source.kind === 'lease');
  await attempt(place, { source: { ...source, capacity: 10 * MiB }, access: connection.access });
  assert.ok((await readFile(place.path('out.raw'))).equals(await readFile(place.path('disk'))));
});
