import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { MiB } from '../../src/model/units.ts';
import { startDelayProxy } from './delay-proxy.ts';

const BODY = Buffer.from(Uint32Array.from({ length: MiB / 4 }, (_, index) => index).buffer);

interface Fetched {
  readonly bytes: Buffer;
  readonly firstMs: number;
  readonly allMs: number;
}

/** Connects, says something and reads until the end. */
async function fetchAll(port: number): Promise<Fetched> {
  const start = performance.now();
  const socket = connect(port, '127.0.0.1');
  socket.write('please');
  const chunks: Buffer[] = [];
  let firstMs = 0;
  for await (const chunk of socket) {
    firstMs ||= performance.now() - start;
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), firstMs, allMs: performance.now() - start };
}

test('the way takes its time, has its bandwidth, and loses nothing', async () => {
  await using server = createServer((socket) => socket.once('data', () => socket.end(BODY)).on('error', () => undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  await using far = await startDelayProxy({ port, roundTripMs: 40 });
  const late = await fetchAll(far.port);
  assert.ok(late.firstMs >= 80, `${late.firstMs} ms for connecting and the first answer`);
  assert.ok(late.bytes.equals(BODY));

  await using narrow = await startDelayProxy({ port, roundTripMs: 0, bytesPerSecond: 4 * MiB });
  const slow = await fetchAll(narrow.port);
  assert.ok(slow.allMs >= 200, `${slow.allMs} ms for a quarter of a second's bytes`);
  assert.ok(slow.bytes.equals(BODY));
});
