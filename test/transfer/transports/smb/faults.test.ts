/** What goes wrong with a server, on the way to it and at it. Somebody in between changes, holds back and cuts; samba refuses. */
import assert from 'node:assert/strict';
import { mkdir, utimes } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { MigrationError } from '../../../../src/model/errors.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import type { SmbConnection } from '../../../../src/transfer/transports/smb/connection.ts';
import { logIn } from '../../../../src/transfer/transports/smb/login.ts';
import { lookAtShared } from '../../../../src/transfer/transports/smb/open-shared.ts';
import type { SharedOptions } from '../../../../src/transfer/transports/smb/shared-files.ts';
import { checkStatus } from '../../../../src/transfer/transports/smb/status.ts';
import { openRequest } from '../../../../src/transfer/transports/smb/wire/file.ts';
import { decodeHead } from '../../../../src/transfer/transports/smb/wire/message.ts';
import { treeConnectRequest } from '../../../../src/transfer/transports/smb/wire/session.ts';
import { scatteredDisk } from '../../../conformance/disk-reader.ts';
import { randomWords } from '../../../demo/guest/disk.ts';
import { type Samba, startSamba } from '../../../peers/samba.ts';
import { fails, MiB, type Scratch, scratch } from '../../fixture.ts';
import { blocksOf } from '../../formats/vhdx/disks.ts';
import { writeVhdx } from '../../formats/vhdx/vhdx-writer.ts';
import { hurriedClock, live } from '../range/fixture.ts';
import { accessTo, openOn, SHARE, smbFile, type Wanted } from './fixture.ts';
import { type Fate, isAnswerTo, type Meddler, type MeddlerOptions, meddle, READ } from './meddler.ts';

const SIZE = 8 * MiB;
const { content } = scatteredDisk(SIZE, 5);
/** For who waits in vain. */
const PATIENCE_MS = 300;
const NEGOTIATE = 0;
/** In the body of a create request. */
const SHARE_ACCESS_AT = 32;

let place: Scratch;
let samba: Samba;

before(async () => {
  place = await scratch();
  await mkdir(place.path('folder'));
  await writeVhdx(place.path('disk.vhdx'), { capacity: SIZE, blockSize: MiB, blocks: blocksOf(content, MiB) });
  const shares = {
    [SHARE]: place.folder,
    closed: { folder: place.folder, lines: ['valid users = nobody'] },
  };
  samba = await startSamba({ shares });
});

after(async () => {
  await samba?.[Symbol.asyncDispose]();
  await place[Symbol.asyncDispose]();
});

const WANTED = { names: ['disk.vhdx'], capacity: SIZE } as const;

interface Through extends Pick<SharedOptions, 'attempts' | 'patience'> {
  readonly wanted?: Wanted;
}

async function openThrough(meddler: Meddler, { wanted = WANTED, ...more }: Through = {}): Promise<DiskReader> {
  const { user, password } = samba;
  return await openOn({ port: meddler.port, user, password }, wanted, more);
}

async function assertAll(reader: DiskReader): Promise<void> {
  const whole = Buffer.alloc(SIZE);
  const reads = Array.from({ length: SIZE / MiB }, (_, index) => whole.subarray(index * MiB, (index + 1) * MiB));
  await Promise.all(reads.map((into, index) => reader.read(index * MiB, into, live())));
  assert.ok(whole.equals(content));
}

/** Something that happens once, to an answer that brings data of the disk. */
function once(does: (message: Buffer) => Buffer | 'cut' | 'swallow'): NonNullable<MeddlerOptions['onAnswer']> {
  let done = false;
  return (message) => {
    if (done || !isAnswerTo(READ, message) || message.length < 512 * 1024) return 'pass';
    done = true;
    return does(message);
  };
}

function changed(message: Buffer, at: number): Buffer {
  message[at] = (message[at] ?? 0) ^ 1;
  return message;
}

for (const [what, does] of [
  ['a byte of data that was changed on the way', (message) => changed(message, 4000)],
  ['a signature that was changed on the way', (message) => changed(message, 50)],
  ['an answer that says it is not signed', (message) => changed(message, 16)],
  ['an answer that was given a longer length', (message) => Buffer.concat([message, Buffer.alloc(8)])],
  ['an answer to nothing that was asked', (message) => changed(message, 25)],
  ['an answer that turns into an error', (message) => changed(message, 11)],
  ['an answer of which only the head comes', (message) => message.subarray(0, 64)],
  ['something that is no SMB', (message) => message.fill(7)],
  ['a line that is cut', () => 'cut'],
] as readonly (readonly [string, (message: Buffer) => Buffer | 'cut' | 'swallow'])[]) {
  test(`${what} does no harm: it is asked for again in a new session`, async () => {
    await using meddler = await meddle({ port: samba.port, onAnswer: once(does) });
    const reader = await openThrough(meddler);
    await assertAll(reader);
    assert.equal(meddler.connections, 2);
    await reader[Symbol.asyncDispose]();
  });
}

test('an answer that never comes is asked for again in a new session', async () => {
  await using meddler = await meddle({ port: samba.port, onAnswer: once(() => 'swallow') });
  const reader = await openThrough(meddler, { patience: PATIENCE_MS });
  await assertAll(reader);
  assert.ok(meddler.connections > 1);
  await reader[Symbol.asyncDispose]();
});

test('bytes that are changed each time are never taken for the disk', async () => {
  const onAnswer = (message: Buffer) =>
    isAnswerTo(READ, message) && message.length > 512 * 1024 ? changed(message, 99) : 'pass';
  await using meddler = await meddle({ port: samba.port, onAnswer });
  const reader = await openThrough(meddler, { attempts: 3 });
  const into = Buffer.alloc(MiB, 0xee);
  const error = await fails(
    reader.read(0, into, live()),
    'source-read-failed',
    /signature is missing or wrong \(after 3 tries\)/,
  );
  assert.ok(
    into.every((byte) => byte === 0xee),
    'nothing of it has reached the caller',
  );
  assertNoSecret(error);
  await reader[Symbol.asyncDispose]();
});

/** Changes the first message of a client, which nobody can have signed. */
function changingOffers(change: (offer: Buffer) => Buffer): (message: Buffer) => Fate {
  return (message) => (message.readUInt16LE(12) === NEGOTIATE ? change(message) : 'pass');
}

test('whoever takes GMAC out of what is offered gets no session: both sides make other keys', async () => {
  const onRequest = changingOffers((offer) => {
    const at = offer.lastIndexOf(Buffer.from([2, 0, 2, 0, 1, 0]));
    assert.ok(at > 0);
    offer.writeUInt16LE(1, at + 2);
    return offer;
  });
  await using meddler = await meddle({ port: samba.port, onRequest });
  await fails(openThrough(meddler, { attempts: 1 }), 'source-read-failed', /the end of the login bears a wrong signature/);
});

test('whoever takes 3.1.1 out of what is offered is found out when both sides compare what they heard', async () => {
  const onRequest = changingOffers((offer) => {
    offer.writeUInt16LE(2, 64 + 2);
    offer.writeUInt32LE(0, 64 + 28);
    offer.writeUInt16LE(0, 64 + 32);
    return offer.subarray(0, 64 + 40);
  });
  await using meddler = await meddle({ port: samba.port, onRequest });
  // It is samba that notices, when we tell it under a signature what we had offered.
  await fails(openThrough(meddler, { attempts: 1 }), 'source-read-failed', /the server closed the connection/);
});

test('whoever makes the answer say that the server cannot encrypt is found out', async () => {
  await using older = await startSamba({ shares: { [SHARE]: place.folder }, dialects: { most: 'SMB3_02' } });
  const onAnswer: MeddlerOptions['onAnswer'] = (message) => {
    if (message.readUInt16LE(12) === NEGOTIATE) message.writeUInt32LE(message.readUInt32LE(64 + 24) & ~0x40, 64 + 24);
    return message;
  };
  await using meddler = await meddle({ port: older.port, onAnswer });
  await fails(openThrough(meddler, { attempts: 1 }), 'source-untrusted');
});

test('sessions that end are replaced, and the disk is read on', async () => {
  await using meddler = await meddle({ port: samba.port });
  const reader = await openThrough(meddler);
  await assertAll(reader);
  meddler.cut();
  await assertAll(reader);
  assert.equal(meddler.connections, 2);
  await reader[Symbol.asyncDispose]();
});

test('a file that was written to between two sessions is not read on', async () => {
  await writeVhdx(place.path('moving.vhdx'), { capacity: SIZE, blockSize: MiB, blocks: blocksOf(content, MiB) });
  await using meddler = await meddle({ port: samba.port });
  const reader = await openThrough(meddler, { wanted: { names: ['moving.vhdx'], capacity: SIZE } });
  await utimes(place.path('moving.vhdx'), 1, 1);
  meddler.cut();
  await fails(reader.read(0, Buffer.alloc(MiB), live()), 'source-changed');
  await reader[Symbol.asyncDispose]();
});

test('a password that is no longer right is told at once, and tried once', async () => {
  await using meddler = await meddle({ port: samba.port });
  const reader = await openThrough(meddler);
  await samba.setPassword('another one');
  try {
    meddler.cut();
    assertNoSecret(await fails(reader.read(0, Buffer.alloc(MiB), live()), 'source-login-failed'));
    assert.equal(meddler.connections, 2);
  } finally {
    await samba.setPassword(samba.password);
  }
  await reader[Symbol.asyncDispose]();
});

for (const [what, work, code] of [
  ['a wrong password', () => openAs({ password: 'wrong' }), 'source-login-failed'],
  ['an unknown user', () => openAs({ user: 'nobody-like-this' }), 'source-login-failed'],
  ['a share that is not there', () => look({ share: 'elsewhere' }), 'disk-unreachable'],
  ['a share that is closed to the user', () => look({ share: 'closed' }), 'source-forbidden'],
  ['a file that is not there', () => look({ path: 'nothing.vhdx' }), 'disk-unreachable'],
  ['a folder that is not there', () => look({ path: 'no/disk.vhdx' }), 'disk-unreachable'],
  ['a folder', () => look({ path: 'folder' }), 'disk-unreachable'],
  ['a way out of the share', () => look({ path: '../disk.vhdx' }), 'disk-unreachable'],
  ['a name with a stream', () => look({ path: 'disk.vhdx:other' }), 'disk-unreachable'],
  ['a port where nobody listens', () => look({ port: 1 }), 'source-unreachable'],
] as const) {
  test(`${what} is ${code}`, async () => {
    assertNoSecret(await fails(work(), code));
  });
}

async function openAs(other: { readonly user?: string; readonly password?: string }): Promise<unknown> {
  const { port, user, password } = samba;
  return await openOn({ port, user, password, ...other }, WANTED);
}

async function look(more: Parameters<typeof smbFile>[2]): Promise<string> {
  const options = { signal: live(), clock: hurriedClock };
  return await lookAtShared(smbFile(samba.port, 'disk.vhdx', more), accessTo(samba), options);
}

test('a file that another one shares with nobody is busy, one that it shares for reading is not', async () => {
  // As a host holds the parent of a checkpoint: it only reads, and lets others only read.
  const host = await openedWith(1);
  assert.match(await look({}), /is a VHDX/);
  host.lose(new Error('over'));
  const other = await openedWith(0);
  const error = await fails(look({}), 'source-busy', /held open by another program/);
  assert.match(error.hint, /checkpoint/);
  other.lose(new Error('over'));
});

test('a reader that was disposed of holds its file no more', async () => {
  const reader = await openOn(samba, WANTED);
  await fails(openedWith(0), 'source-busy');
  await reader[Symbol.asyncDispose]();
  (await openedWith(0)).lose(new Error('over'));
});

/** A session in which the disk is open. @param share what others may do: 1 is reading */
async function openedWith(share: number): Promise<SmbConnection> {
  const { host, port, user, password } = samba;
  const credentials = async () => ({ user, password });
  const { connection } = await logIn({ address: { host, port }, credentials, patience: 5_000 }, live());
  const enter = { command: 'treeConnect', body: treeConnectRequest(host, SHARE), read: treeOf } as const;
  const tree = await connection.send(enter, live());
  const body = openRequest('disk.vhdx');
  body.writeUInt32LE(share, SHARE_ACCESS_AT);
  const read = (_: Buffer, status: number): void => checkStatus(status, 'disk.vhdx');
  try {
    await connection.send({ command: 'create', body, tree, read }, live());
    return connection;
  } catch (error) {
    connection.lose(error);
    throw error;
  }
}

function treeOf(message: Buffer): number {
  return decodeHead(message).tree;
}

test('a read that waits for a silent server ends at once when it is canceled, and so does the reader', async () => {
  let silent = false;
  await using meddler = await meddle({ port: samba.port, onAnswer: () => (silent ? 'swallow' : 'pass') });
  const { user, password } = samba;
  const reader = await openOn({ port: meddler.port, user, password }, WANTED, { patience: 60_000 });
  silent = true;
  const cancel = new AbortController();
  const into = Buffer.alloc(MiB, 0xee);
  const read = reader.read(0, into, cancel.signal);
  const other = reader.read(MiB, Buffer.alloc(MiB), live());
  const began = performance.now();
  setImmediate(() => cancel.abort());
  await fails(read, 'canceled');
  const disposed = reader[Symbol.asyncDispose]();
  await assert.rejects(other);
  assert.ok(performance.now() - began < 1000);
  assert.ok(into.every((byte) => byte === 0xee));
  silent = false;
  await meddler[Symbol.asyncDispose]();
  await disposed;
});

function assertNoSecret(error: MigrationError): void {
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(samba.password));
}

test('whatever becomes of messages on the way, a disk is read as it is, or not', async () => {
  const outcomes = new Set<string>();
  for (let seed = 1; seed <= 12; seed += 1) {
    const next = randomWords(seed);
    // The later seeds are gentler, so that some disks arrive.
    const spoil = (message: Buffer): Fate => (next() % (6 * seed) === 0 ? spoiled(message, next) : 'pass');
    await using meddler = await meddle({ port: samba.port, onAnswer: spoil, onRequest: spoil });
    outcomes.add(await readOrFail(meddler));
  }
  assert.ok(outcomes.has('read') && outcomes.size > 1, [...outcomes].join(', '));
});

function spoiled(message: Buffer, next: () => number): Fate {
  const what = next() % 5;
  if (what === 0) return 'cut';
  if (what === 1) return message.subarray(0, next() % message.length);
  if (what === 2) return Buffer.concat([message, message.subarray(0, 1 + (next() % 64))]);
  for (let count = 1 + (next() % 8); count > 0; count -= 1) message[next() % Math.min(message.length, 200)] = next() & 0xff;
  return message;
}

async function readOrFail(meddler: Meddler): Promise<string> {
  try {
    await using reader = await openThrough(meddler, { patience: PATIENCE_MS });
    await assertAll(reader);
    return 'read';
  } catch (error) {
    assert.ok(error instanceof MigrationError, String(error));
    assertNoSecret(error);
    return error.code;
  }
}
