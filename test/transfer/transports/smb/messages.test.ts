/** Parsers, signatures and keys for themselves: vectors of the standards, and messages that no server writes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Credits } from '../../../../src/transfer/transports/smb/credits.ts';
import { Frames } from '../../../../src/transfer/transports/smb/frames.ts';
import { ReadAhead } from '../../../../src/transfer/transports/smb/read-ahead.ts';
import { sessionKeys } from '../../../../src/transfer/transports/smb/security/keys.ts';
import { Sealing } from '../../../../src/transfer/transports/smb/security/sealing.ts';
import { cmac, Signing } from '../../../../src/transfer/transports/smb/security/signing.ts';
import { parseOpened, parseRead } from '../../../../src/transfer/transports/smb/wire/file.ts';
import { decodeHead, encodeRequest, HEAD, Malformed } from '../../../../src/transfer/transports/smb/wire/message.ts';
import { negotiateRequest, parseNegotiated } from '../../../../src/transfer/transports/smb/wire/negotiate.ts';
import { parseSessionSetup, parseTreeConnected } from '../../../../src/transfer/transports/smb/wire/session.ts';
import { agreementOf, parseValidated } from '../../../../src/transfer/transports/smb/wire/validate.ts';
import { randomWords } from '../../../demo/guest/disk.ts';
import { MiB, noise } from '../../fixture.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('AES-CMAC gives what RFC 4493 says', () => {
  const mac = cmac(hex('2b7e1516 28aed2a6 abf71588 09cf4f3c'));
  const message = hex(
    '6bc1bee2 2e409f96 e93d7e11 7393172a ae2d8a57 1e03ac9c 9eb76fac 45af8e51 30c81c46 a35ce411 e5fbc119 1a0a52ef f69f2445 df4f9b17 ad2b417b e66c3710',
  );
  for (const [length, tag] of [
    [0, 'bb1d6929 e9593728 7fa37d12 9b756746'],
    [16, '070a16b4 6b4d4144 f79bdd9d d04a287c'],
    [40, 'dfa66747 de9ae630 30ca3261 1497c827'],
    [64, '51f0bebf 7e3b9d92 fc497417 79363cfe'],
  ] as const) {
    assert.equal(mac(message.subarray(0, length)).toString('hex'), hex(tag).toString('hex'), `${length} bytes`);
  }
});

test('keys of 3.0 are those of the examples that Microsoft gives', () => {
  const keysOf = (sessionKey: string) => {
    return sessionKeys({ dialect: '3.0', cipher: 'aes-128-ccm', sessionKey: hex(sessionKey), preauth: Buffer.alloc(64) });
  };
  assert.equal(keysOf('7cd451825d0450d235424e44ba6e78cc').signing.toString('hex'), '0b7e9c5cac36c0f6ea9ab275298cedce');
  const { toServer, fromServer } = keysOf('b4546771b515f766a86735532dd6c4f0');
  assert.equal(toServer.toString('hex'), '261b72350558f2e9dcf613070383edbf');
  assert.equal(fromServer.toString('hex'), '8fe2b57ec34d2db5b1a9727f526bbdb5');
});

for (const algorithm of ['aes-128-cmac', 'aes-128-gmac'] as const) {
  test(`a message that was signed with ${algorithm} and changed anywhere is not believed`, () => {
    const signing = new Signing(algorithm, noise('key', 16));
    const message = encodeRequest(
      { command: 'read', messageId: 7, charge: 2, credits: 9, session: 5n, tree: 3, signed: true },
      noise('body', 333),
    );
    signing.sign(message);
    assert.ok(signing.check(Buffer.from(message)));
    for (let at = 0; at < message.length; at += 1) {
      const other = Buffer.from(message);
      other[at] = (other[at] ?? 0) ^ 0x40;
      assert.ok(!signing.check(other), `byte ${at}`);
    }
  });
}

for (const cipher of ['aes-128-gcm', 'aes-256-gcm', 'aes-128-ccm', 'aes-256-ccm'] as const) {
  test(`a message that was sealed with ${cipher} is opened by its other end, and by nobody when it was changed`, () => {
    const bytes = cipher.startsWith('aes-256') ? 32 : 16;
    const [one, two] = [noise('one', bytes), noise('two', bytes)];
    const ours = new Sealing(cipher, { signing: one, toServer: one, fromServer: two }, 9n);
    const theirs = new Sealing(cipher, { signing: one, toServer: two, fromServer: one }, 9n);
    const message = noise('message', 1000);
    const sealed = ours.seal(message);
    assert.ok(theirs.open(Buffer.from(sealed)).equals(message));
    assert.ok(!ours.seal(message).subarray(52).equals(sealed.subarray(52)), 'no nonce is used twice');
    const used = cipher.endsWith('ccm') ? 11 : 12;
    for (let at = 4; at < sealed.length; at += at < 60 ? 1 : 97) {
      const other = Buffer.from(sealed);
      other[at] = (other[at] ?? 0) ^ 1;
      assert.throws(() => theirs.open(other), Malformed, `byte ${at}, of whose nonce ${used} count`);
    }
  });
}

test('parsers take any bytes without more than saying that they are malformed', () => {
  const next = randomWords(0x5b02);
  const parsers = [
    decodeHead,
    parseNegotiated,
    parseSessionSetup,
    parseTreeConnected,
    parseOpened,
    parseRead,
    parseValidated,
    agreementOf,
  ];
  let refused = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const message = answer(next);
    for (const parse of parsers) {
      try {
        parse(message);
      } catch (error) {
        assert.ok(error instanceof Malformed, `${parse.name}: ${error}`);
        refused += 1;
      }
    }
  }
  assert.ok(refused > 1000);
});

/** Something like an answer: a head, and a body in which lengths and places are mostly wrong. */
function answer(next: () => number): Buffer {
  const message = encodeRequest(
    { command: 'read', messageId: 1, charge: 1, credits: 1, session: 1n, tree: 1, signed: false },
    Buffer.alloc(next() % 200),
  );
  message.writeUInt32LE(1, 16);
  for (let count = next() % 40; count > 0; count -= 1) {
    const at = next() % message.length;
    message[at] = next() % 3 === 0 ? next() & 0xff : (next() & 7) * 16;
  }
  if (message.length >= HEAD + 64 && next() % 2 === 0) {
    message.writeUInt16LE(0x0311, HEAD + 4);
    message.writeUInt16LE(next() % 5, HEAD + 6);
    message.writeUInt32LE(MiB, HEAD + 32);
    message.writeUInt32LE(HEAD + 64 + (next() % 60), HEAD + 60);
  }
  return next() % 7 === 0 ? message.subarray(0, next() % message.length) : message;
}

test('a server that chose what was not offered is refused', () => {
  const told = Buffer.alloc(HEAD + 64);
  told.writeUInt16LE(0x0300, HEAD + 4);
  told.writeUInt32LE(MiB, HEAD + 32);
  assert.equal(parseNegotiated(told).maxRead, 65_536, 'without large messages a read is one credit');
  for (const dialect of [0x0202, 0x0210, 0x02ff, 0x0310, 0]) {
    told.writeUInt16LE(dialect, HEAD + 4);
    assert.throws(() => parseNegotiated(told), Malformed);
  }
});

test('what is offered holds each context at a place that is divisible by eight', () => {
  const offer = negotiateRequest({ client: noise('client', 16), salt: noise('salt', 32) });
  const [at, count] = [offer.readUInt32LE(28) - HEAD, offer.readUInt16LE(32)];
  const kinds: number[] = [];
  for (let [index, here] = [0, at]; index < count; index += 1) {
    assert.equal((here + HEAD) % 8, 0);
    kinds.push(offer.readUInt16LE(here));
    here += 8 + Math.ceil(offer.readUInt16LE(here + 2) / 8) * 8;
    if (index === count - 1) assert.equal(here, offer.length);
  }
  assert.deepEqual(kinds, [1, 2, 8]);
});

test('messages come out of a stream whole, however it is cut', () => {
  const next = randomWords(0xf4a3);
  const sent = Array.from({ length: 60 }, (_, index) => noise(`${index}`, 1 + (next() % (index % 9 === 0 ? 300_000 : 400))));
  const stream = Buffer.concat(sent.flatMap((message) => [lengthOf(message), message]));
  const got: Buffer[] = [];
  const frames = new Frames(MiB, (message) => got.push(Buffer.from(message)));
  for (let at = 0; at < stream.length; ) {
    const room = frames.room();
    assert.ok(room.length > 0);
    const count = Math.min(room.length, 1 + (next() % 5000), stream.length - at);
    stream.copy(room, 0, at, at + count);
    frames.received(count);
    at += count;
  }
  assert.ok(Buffer.concat(got).equals(Buffer.concat(sent)));
  assert.equal(got.length, sent.length);
});

test('a message that claims to be larger than any is not waited for', () => {
  for (const length of [MiB + 1, 0, 0xffff_ffff]) {
    const frames = new Frames(MiB, () => assert.fail('there is none'));
    frames.room().writeUInt32BE(length);
    assert.throws(() => frames.received(4), Malformed);
  }
});

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return length;
}

test('requests get their credits in the order in which they came, and no more than there are', () => {
  const credits = new Credits();
  const order: string[] = [];
  const take = (name: string, charge: number) =>
    credits.take(
      charge,
      () => order.push(name),
      () => order.push(`${name} failed`),
    );
  take('first', 1);
  take('large', 16);
  const leave = take('small', 1);
  take('last', 2);
  assert.deepEqual(order, ['first']);
  assert.ok(credits.wish(16) > 16);
  credits.give(15, 1);
  assert.deepEqual(order, ['first'], 'the small ones do not go past the large one');
  leave();
  credits.give(1, 0);
  assert.deepEqual(order, ['first', 'large']);
  credits.give(4, 16);
  assert.deepEqual(order, ['first', 'large', 'last']);
  take('never', 100);
  credits.fail(new Error('over'));
  assert.equal(order.at(-1), 'never failed');
});

test('small reads that follow each other come in one request, others one by one', async () => {
  const file = noise('file', 5 * MiB);
  const asked: [number, number][] = [];
  const bytes = new ReadAhead({
    size: file.length,
    fill: async (at, into) => {
      asked.push([at, into.length]);
      into.set(file.subarray(at, at + into.length));
    },
  });
  const read = async (at: number, length: number): Promise<void> => {
    const into = Buffer.alloc(length);
    await bytes.fill(at, into);
    assert.ok(into.equals(file.subarray(at, at + length)), `${at}+${length}`);
  };
  for (const at of [0, 65_536, 131_072, 196_608]) await read(at, 65_536);
  assert.deepEqual(asked, [[0, MiB]], 'heads are there before they are asked for');
  await read(3 * MiB, 512);
  for (let at = 2 * MiB; at < 3.5 * MiB; at += 65_536) await read(at, 65_536);
  assert.equal(asked.length, 5);
  await read(4.5 * MiB, 65_536);
  await read(4.5 * MiB + 65_536, 65_536);
  assert.deepEqual(asked.at(-1), [4.5 * MiB + 65_536, 0.5 * MiB - 65_536], 'not beyond the end');
  await read(MiB, 2 * MiB);
  assert.deepEqual(asked.at(-1), [MiB, 2 * MiB]);
});
