import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { connectNbd, type NbdConnection } from '../../../src/transfer/nbd/connection.ts';
import { serveImage } from '../../../src/transfer/nbd/qemu-nbd.ts';
import { fileNode, imageNode } from '../../../src/transfer/qemu-img/argv.ts';
import { fails, leftovers, MiB, rawDisk, type Scratch, scratch } from '../fixture.ts';

const signal = new AbortController().signal;

async function served(place: Scratch): Promise<NbdConnection> {
  await rawDisk(place.path('disk.raw'), 8 * MiB, [
    { offset: MiB, length: MiB },
    { offset: 6 * MiB + 4096, length: 4096 },
  ]);
  return await serveImage(imageNode('raw', fileNode(place.path('disk.raw')), null), { workspace: place, name: 'disk', signal });
}

test('an export of qemu-nbd is read at any offset, many requests at once', async () => {
  await using place = await scratch();
  await using disk = await served(place);
  const expected = await readFile(place.path('disk.raw'));
  assert.equal(disk.size, 8 * MiB);
  const offsets = [0, 511, MiB - 1, MiB + 4095, 5 * MiB, 7 * MiB - 100_000];
  const read = await Promise.all(
    offsets.map(async (offset) => {
      const buffer = new Uint8Array(1_000_003);
      await disk.read(offset, buffer);
      return buffer;
    }),
  );
  for (const [index, offset] of offsets.entries()) {
    assert.ok(expected.subarray(offset, offset + 1_000_003).equals(read[index] ?? new Uint8Array(0)), `at ${offset}`);
  }
});

test('the allocation of an export is told in runs that adjoin', async () => {
  await using place = await scratch();
  await using disk = await served(place);
  const data: string[] = [];
  for (let offset = 0; offset < disk.size; ) {
    for (const run of await disk.allocation(offset, disk.size - offset)) {
      assert.equal(run.offset, offset);
      if (!run.zero) data.push(`${run.offset}+${run.length}`);
      offset += run.length;
    }
  }
  assert.deepEqual(data, [`${MiB}+${MiB}`, `${6 * MiB + 4096}+4096`]);
});

test('reading outside of an export is a bug of the caller and never reaches the server', async () => {
  await using place = await scratch();
  await using disk = await served(place);
  await assert.rejects(disk.read(8 * MiB - 10, new Uint8Array(11)), RangeError);
});

test('when the connection is closed the server is gone and its socket too', async () => {
  await using place = await scratch();
  const disk = await served(place);
  await disk[Symbol.asyncDispose]();
  await fails(disk.read(0, new Uint8Array(1)), 'source-read-failed');
  assert.deepEqual(await leftovers(), []);
});

test('aborting ends a connection in the middle of its reads', async () => {
  await using place = await scratch();
  const abort = new AbortController();
  await rawDisk(place.path('disk.raw'), 64 * MiB, [{ offset: 0, length: MiB }]);
  const image = imageNode('raw', fileNode(place.path('disk.raw')), null);
  await using disk = await serveImage(image, { workspace: place, name: 'disk', signal: abort.signal });
  const reads = Array.from({ length: 16 }, (_, index) => disk.read(index * MiB, new Uint8Array(4 * MiB)));
  abort.abort();
  for (const read of reads) await fails(read, 'canceled');
});

test('what qemu-nbd says about a bad image becomes the error', async () => {
  await using place = await scratch();
  await rawDisk(place.path('disk.raw'), MiB, []);
  const image = imageNode('vhdx', fileNode(place.path('disk.raw')), null);
  await fails(serveImage(image, { workspace: place, name: 'disk', signal }), 'image-malformed', /qemu-nbd/);
});

/** A server that greets correctly with an export of 1 MiB, then answers the first request with whatever a test gives it. */
async function hostile(
  place: Scratch,
  answer: (cookie: Buffer) => Buffer,
  greeting?: Buffer,
): Promise<{ server: Server; path: string }> {
  const server = createServer((socket) => void converse(socket, answer, greeting).catch(() => socket.destroy()));
  server.listen(place.path('hostile.sock'));
  await once(server, 'listening');
  return { server, path: place.path('hostile.sock') };
}

async function converse(socket: Socket, answer: (cookie: Buffer) => Buffer, greeting?: Buffer): Promise<void> {
  let received = Buffer.alloc(0);
  const take = async (length: number): Promise<Buffer> => {
    while (received.length < length) received = Buffer.concat([received, (await once(socket, 'data'))[0]]);
    const taken = received.subarray(0, length);
    received = received.subarray(length);
    return taken;
  };
  socket.on('error', () => undefined);
  socket.write(greeting ?? Buffer.concat([Buffer.from('NBDMAGICIHAVEOPT'), Buffer.from([0, 3])]));
  if (greeting !== undefined) return;
  await take(4);
  for (let option = 0; option !== 7; ) {
    const header = await take(16);
    option = header.readUInt32BE(8);
    await take(header.readUInt32BE(12));
    if (option === 10) socket.write(optionReply(option, 4, Buffer.concat([u32(5), Buffer.from('base:allocation')])));
    if (option === 7) socket.write(optionReply(option, 3, Buffer.concat([Buffer.from([0, 0]), u64(MiB), Buffer.from([0, 1])])));
    socket.write(optionReply(option, 1, Buffer.alloc(0)));
  }
  const request = await take(28);
  socket.write(answer(request.subarray(8, 16)));
  socket.end();
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function optionReply(option: number, type: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from('0003e889045565a9', 'hex'), u32(option), u32(type), u32(data.length), data]);
}

function chunk(options: { cookie: Buffer; type: number; data: Buffer; flags?: number; length?: number }): Buffer {
  const { cookie, type, data, flags = 1, length = data.length } = options;
  return Buffer.concat([u32(0x668e33ef), Buffer.from([0, flags, type >> 8, type & 255]), cookie, u32(length), data]);
}

const content = Buffer.alloc(512, 7);

test('our own small server is understood when it answers correctly, in parts and out of order', async () => {
  await using place = await scratch();
  const answer = (cookie: Buffer): Buffer =>
    Buffer.concat([
      chunk({ cookie, type: 2, data: Buffer.concat([u64(512), u32(512)]), flags: 0 }),
      chunk({ cookie, type: 1, data: Buffer.concat([u64(0), content]) }),
    ]);
  const { server, path } = await hostile(place, answer);
  await using disk = await connectNbd({ socketPath: path, exportName: '', signal });
  const buffer = new Uint8Array(1024).fill(9);
  await disk.read(0, buffer);
  assert.deepEqual(Buffer.from(buffer), Buffer.concat([content, Buffer.alloc(512)]));
  server.close();
});

const LIES: Readonly<Record<string, (cookie: Buffer) => Buffer>> = {
  'ends in the middle of the data': (cookie) =>
    chunk({ cookie, type: 1, data: Buffer.concat([u64(0), content]), length: 520 + 512 }),
  'gives less than was asked for': (cookie) => chunk({ cookie, type: 1, data: Buffer.concat([u64(0), content]) }),
  'gives the same half twice': (cookie) =>
    Buffer.concat([0, 1].map((flags) => chunk({ cookie, type: 1, data: Buffer.concat([u64(0), content]), flags }))),
  'gives more than was asked for': (cookie) => chunk({ cookie, type: 1, data: Buffer.concat([u64(0), Buffer.alloc(2048)]) }),
  'gives data of another place': (cookie) => chunk({ cookie, type: 1, data: Buffer.concat([u64(4096), Buffer.alloc(1024)]) }),
  'gives data of before the place': (cookie) => chunk({ cookie, type: 2, data: Buffer.concat([u64(2 ** 52), u32(1024)]) }),
  'answers for nobody': () => chunk({ cookie: Buffer.alloc(8, 0xee), type: 1, data: Buffer.concat([u64(0), content]) }),
  'announces gigabytes of control data': (cookie) => chunk({ cookie, type: 5, data: Buffer.alloc(16), length: 0x7fffffff }),
  'announces gigabytes of content': (cookie) => chunk({ cookie, type: 1, data: u64(0), length: 0xffffffff }),
  'answers a read with a status': (cookie) => chunk({ cookie, type: 5, data: Buffer.concat([u32(5), u32(512), u32(0)]) }),
  'speaks of unknown things': (cookie) => chunk({ cookie, type: 99, data: Buffer.alloc(4) }),
  'says done and gives nothing': (cookie) => chunk({ cookie, type: 0, data: Buffer.alloc(0) }),
  'falls back to unstructured answers': (cookie) => Buffer.concat([u32(0x67446698), u32(0), cookie, Buffer.alloc(1024)]),
  'refuses with an error that has no number': (cookie) => chunk({ cookie, type: 0x8001, data: Buffer.alloc(2) }),
  'refuses honestly': (cookie) =>
    chunk({ cookie, type: 0x8001, data: Buffer.concat([u32(5), Buffer.from([0, 2]), Buffer.from('no')]) }),
  'sends rubbish': () => Buffer.alloc(4096, 0x55),
  'says nothing and goes': () => Buffer.alloc(0),
};

for (const [lie, answer] of Object.entries(LIES)) {
  test(`a server that ${lie} is an error, never a wrong byte and never a hang`, { timeout: 5000 }, async () => {
    await using place = await scratch();
    const { server, path } = await hostile(place, answer);
    await using disk = await connectNbd({ socketPath: path, exportName: '', signal });
    await fails(disk.read(0, new Uint8Array(1024)), 'source-read-failed');
    server.close();
  });
}

const EMPTY_STATUS: Readonly<Record<string, Buffer>> = {
  'a run of no length': Buffer.concat([u32(5), u32(0), u32(0)]),
  'no run at all': u32(5),
  'a context that was not agreed on': Buffer.concat([u32(6), u32(512), u32(0)]),
};

for (const [lie, data] of Object.entries(EMPTY_STATUS)) {
  test(`a block status of ${lie} is an error`, { timeout: 5000 }, async () => {
    await using place = await scratch();
    const { server, path } = await hostile(place, (cookie) => chunk({ cookie, type: 5, data }));
    await using disk = await connectNbd({ socketPath: path, exportName: '', signal });
    await fails(disk.allocation(0, 4096), 'source-read-failed');
    server.close();
  });
}

test('a block status that reaches beyond what was asked is cut', async () => {
  await using place = await scratch();
  const { server, path } = await hostile(place, (cookie) =>
    chunk({ cookie, type: 5, data: Buffer.concat([u32(5), u32(0xfffff000), u32(3)]) }),
  );
  await using disk = await connectNbd({ socketPath: path, exportName: '', signal });
  assert.deepEqual(await disk.allocation(4096, 8192), [{ offset: 4096, length: 8192, zero: true }]);
  server.close();
});

test('a greeting that is none of NBD is an error', { timeout: 5000 }, async () => {
  await using place = await scratch();
  const { server, path } = await hostile(place, () => Buffer.alloc(0), Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await fails(connectNbd({ socketPath: path, exportName: '', signal }), 'source-read-failed', /newstyle/);
  server.close();
});
