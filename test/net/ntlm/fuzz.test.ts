/** Tokens of a server that is out to hurt: the parsers answer with their error or with a token, and with nothing else, at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MigrationError } from '../../../src/model/errors.ts';
import { startNtlm } from '../../../src/net/ntlm/index.ts';
import { challengeMessage, negTokenResp } from './messages.ts';

const RUNS = { seed: 20_261_123, numRuns: 1_500 };

function answers(envelope: 'plain' | 'spnego', token: Buffer): void {
  const login = startNtlm({ user: 'user', password: 'password', envelope });
  for (const step of [() => login.next(token), () => login.finish(token)]) {
    try {
      step();
    } catch (error) {
      // Nobody is asked to finish what has not been answered.
      if (error instanceof Error && error.message === 'The server has not been answered yet') continue;
      assert.ok(error instanceof MigrationError, String(error));
      assert.match(error.code, /^source-(answer-broken|login-failed)$/);
    }
  }
}

const edits = fc.array(fc.record({ at: fc.nat(400), value: fc.nat(255) }), { maxLength: 6 });
const cut = fc.option(fc.nat(400), { nil: undefined });

for (const envelope of ['plain', 'spnego'] as const) {
  const challenge = challengeMessage({ timestamp: 1n });
  const whole = envelope === 'plain' ? challenge : negTokenResp({ state: 1, token: challenge, mic: Buffer.alloc(16) });

  test(`challenges with some bytes changed or cut do no harm (${envelope})`, () => {
    fc.assert(
      fc.property(edits, cut, (changes, length) => {
        const token = Buffer.from(whole);
        for (const { at, value } of changes) if (at < token.length) token[at] = value;
        answers(envelope, token.subarray(0, length));
      }),
      RUNS,
    );
  });

  test(`any bytes do no harm (${envelope})`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => answers(envelope, Buffer.from(bytes))),
      RUNS,
    );
  });
}
