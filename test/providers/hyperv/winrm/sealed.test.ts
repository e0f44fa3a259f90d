import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seal, unseal } from '../../../../providers/hyperv/winrm/sealed.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { SessionSecurity } from '../../../../src/net/ntlm/session.ts';

const OPTIONS = { keyExchange: true };
const RUNS = { seed: 20_261_123, numRuns: 500 };

function ends() {
  const key = Buffer.alloc(16, 9);
  return { client: new SessionSecurity(key, OPTIONS), server: new SessionSecurity(key, OPTIONS, 'server') };
}

/** Messages as a server seals them, one part each. */
function sealedBy(server: SessionSecurity, parts: readonly Uint8Array[]): { body: Buffer; contentType: string } {
  const sealed = parts.map((part) => seal(part, server));
  const end = Buffer.byteLength('--Encrypted Boundary--\r\n');
  const heads = sealed.map(({ body }) => body.subarray(0, -end));
  const contentType =
    'multipart/x-multi-encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"';
  return { body: Buffer.concat([...heads, Buffer.from('--Encrypted Boundary--\r\n')]), contentType };
}

test('an answer in any number of parts is read whole, also where its bytes look like a boundary', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }), (parts) => {
      const { client, server } = ends();
      const { body, contentType } = sealedBy(server, parts);
      assert.deepEqual(unseal(body, contentType, client), Buffer.concat(parts));
    }),
    RUNS,
  );
  // A length of 16 of the signature and then a boundary as sealed bytes: only the told length can tell.
  const { client, server } = ends();
  const twin = ends().server;
  const boundary = Buffer.from('--Encrypted Boundary--\r\n');
  const message = twin.seal(boundary).sealed;
  const { body, contentType } = sealedBy(server, [message]);
  assert.ok(body.indexOf(boundary) < body.length - boundary.length, 'the sealed bytes are the boundary itself');
  assert.deepEqual(unseal(body, contentType, client), Buffer.from(message));
});

test('an answer that is changed or cut anywhere is an error and nothing else', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(254), fc.boolean(), (at, change, cut) => {
      const { client, server } = ends();
      const { body, contentType } = sealedBy(server, [Buffer.alloc(150, 1), Buffer.alloc(60, 2)]);
      const place = at % body.length;
      const spoilt = cut ? body.subarray(0, place) : Buffer.from(body);
      if (!cut) spoilt[place] = ((spoilt[place] ?? 0) + 1 + change) & 0xff;
      try {
        assert.deepEqual(unseal(spoilt, contentType, client), Buffer.concat([Buffer.alloc(150, 1), Buffer.alloc(60, 2)]));
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        assert.ok(error instanceof MigrationError && error.code === 'source-answer-broken', String(error));
      }
    }),
    RUNS,
  );
});
