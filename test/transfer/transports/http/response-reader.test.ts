import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResponseHead } from '../../../../src/transfer/transports/http/response-head.ts';
import { type Reading, ResponseReader } from '../../../../src/transfer/transports/http/response-reader.ts';

const HEAD = 'HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n';

interface Read {
  readonly reading: Reading;
  readonly body: string;
  readonly head: ResponseHead | undefined;
  readonly keepsAlive: boolean;
}

/** Feeds a response in pieces of `step` bytes, for a reader that wants five bytes. */
function read(text: string, step = text.length): Read {
  const into = Buffer.alloc(5);
  let filled = 0;
  let head: ResponseHead | undefined;
  const reader = new ResponseReader({
    onHead: (found) => {
      head = found;
      return into;
    },
    onBytes: (count) => {
      filled += count;
    },
  });
  let reading: Reading = 'more';
  for (let at = 0; at < text.length; at += step) {
    const piece = text.slice(at, at + step);
    reading = reader.feed(Buffer.from(`${piece}not of it`, 'latin1'), piece.length);
  }
  return { reading, body: into.toString('latin1', 0, filled), head, keepsAlive: reader.keepsAlive };
}

test('a response is read however it is cut into pieces', () => {
  const text = `${HEAD}abcde`;
  for (let step = 1; step <= text.length; step += 1) {
    const { reading, body, head } = read(text, step);
    assert.equal(reading, 'done');
    assert.equal(body, 'abcde');
    assert.equal(head?.status, 206);
    assert.equal(head?.headers.get('etag'), '"x"');
  }
  assert.equal(read(`${HEAD}abc`).reading, 'more');
});

test('interim responses are passed over', () => {
  const { reading, head } = read(`HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${HEAD}abcde`);
  assert.equal(reading, 'done');
  assert.equal(head?.status, 206);
});

test('an unwanted body is not waited for', () => {
  const reader = new ResponseReader({ onHead: () => undefined, onBytes: () => assert.fail('bytes were kept') });
  const answer = Buffer.from(`${HEAD}abcde`);
  assert.equal(reader.feed(answer, answer.length), 'unwanted');
});

test('the server says whether the connection goes on', () => {
  const versions: readonly (readonly [string, string, boolean])[] = [
    ['1.1', '', true],
    ['1.1', 'Connection: Close\r\n', false],
    ['1.1', 'Connection: upgrade, close\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: keep-alive\r\n', true],
  ];
  for (const [version, connection, keepsAlive] of versions) {
    assert.equal(read(`HTTP/${version} 206 OK\r\n${connection}Content-Length: 5\r\n\r\nabcde`).keepsAlive, keepsAlive);
  }
});

const BROKEN: readonly (readonly [string, string])[] = [
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['HTTP/2 without its frames', 'HTTP/2 206\r\nContent-Length: 5\r\n\r\nabcde'],
  ['a header without a colon', 'HTTP/1.1 206 OK\r\nContent-Length 5\r\n\r\nabcde'],
  ['a header with a space before its colon', 'HTTP/1.1 206 OK\r\nContent-Length : 5\r\n\r\nabcde'],
  ['a folded header', 'HTTP/1.1 206 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nabcde'],
  ['a bare line feed', 'HTTP/1.1 206 OK\nContent-Length: 5\r\n\r\nabcde'],
  ['two lengths', 'HTTP/1.1 206 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde'],
  ['a negative length', 'HTTP/1.1 206 OK\r\nContent-Length: -5\r\n\r\nabcde'],
  ['a length and chunks', 'HTTP/1.1 206 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nabcde'],
  ['no length', 'HTTP/1.1 206 OK\r\n\r\nabcde'],
  ['another length than was asked for', 'HTTP/1.1 206 OK\r\nContent-Length: 4\r\n\r\nabcd'],
  ['more than it announced', `${HEAD}abcdef`],
  ['headers without an end', `HTTP/1.1 206 OK\r\nX: ${'a'.repeat(70_000)}`],
];
for (const [what, text] of BROKEN) {
  test(`a response with ${what} is refused`, () => {
    for (const step of [1, 7, text.length]) assert.throws(() => read(text, step), { code: 'source-answer-broken' });
  });
}
