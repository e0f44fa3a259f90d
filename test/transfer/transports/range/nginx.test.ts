/** The range reader against nginx, a server that knows nothing of us. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KiB, MiB } from '../../../../src/model/units.ts';
import { openRange } from '../../../../src/transfer/transports/range/open-range.ts';
import { describeDiskReader, scatteredDisk } from '../../../conformance/disk-reader.ts';
import { type Nginx, startNginx } from '../../../peers/nginx.ts';
import { accessTo, cookie, hurriedClock, live, rangeSource, TRACKED } from './fixture.ts';

const SECRET = 'tr0ub4dor';
const disk = scatteredDisk(5 * MiB + 512, 7);
let folder: string;
let nginx: Nginx;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'range-test-'));
  await writeFile(join(folder, 'disk-flat.vmdk'), disk.content);
  nginx = await startNginx({ root: folder, cookie: `session=${SECRET}` });
});

after(async () => {
  await nginx?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

function access(allocated = disk.data) {
  return accessTo({ trust: { ca: nginx.certificate.certificate }, headers: async () => cookie(SECRET), allocated });
}

function url(file = 'disk-flat.vmdk'): string {
  return `${nginx.origin}/${file}`;
}

describeDiskReader('range of nginx, with change tracking', async () => ({
  reader: await openRange(rangeSource(url(), disk.content.length, { tracking: TRACKED }), access(), {
    signal: live(),
    clock: hurriedClock,
  }),
  content: disk.content,
  mostAllocated: disk.data.reduce((sum, { length }) => sum + length, 0),
}));

describeDiskReader('range of nginx, where nobody knows what is allocated', async () => ({
  reader: await openRange(rangeSource(url(), disk.content.length), access(), { signal: live(), clock: hurriedClock }),
  content: disk.content,
}));

test('the mark is what nginx calls the file, and a file that was written since is not read', async () => {
  const file = join(folder, 'changing-flat.vmdk');
  await writeFile(file, disk.content.subarray(0, 64 * KiB));
  const probe = await fetchMark('changing-flat.vmdk');
  const source = rangeSource(url('changing-flat.vmdk'), 64 * KiB, { mark: probe });
  await using reader = await openRange(source, access(), { signal: live(), clock: hurriedClock });
  await utimes(file, new Date(0), new Date(0));
  await assert.rejects(reader.read(0, new Uint8Array(512), live()), { code: 'source-changed' });
  await assert.rejects(openRange(source, access(), { signal: live(), clock: hurriedClock }), { code: 'source-changed' });
});

test('a file that is shorter or longer than the disk is not read', async () => {
  await writeFile(join(folder, 'short-flat.vmdk'), 'short');
  await truncate(join(folder, 'short-flat.vmdk'), 64 * KiB);
  for (const capacity of [32 * KiB, 128 * KiB]) {
    const opened = openRange(rangeSource(url('short-flat.vmdk'), capacity), access(), { signal: live(), clock: hurriedClock });
    await assert.rejects(opened, { code: 'source-changed', message: `The file has 65536 bytes where the disk has ${capacity}.` });
  }
});

async function fetchMark(file: string): Promise<string> {
  let mark: string | undefined;
  const { request } = await import('node:https');
  await new Promise<void>((resolve, reject) => {
    request(url(file), { ca: nginx.certificate.certificate, headers: { ...cookie(SECRET), range: 'bytes=0-0' } }, (answer) => {
      mark = answer.headers.etag;
      answer.resume().on('end', resolve);
    })
      .on('error', reject)
      .end();
  });
  assert.ok(mark !== undefined);
  return mark;
}
