import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { servePages } from '../../src/operator/pages.ts';

const BIN = path.resolve(import.meta.dirname, '../../src/cli/bin.js');

/** Runs the operator's entry until it ends. */
async function endOf(env: Readonly<Record<string, string>>): Promise<{ readonly code: unknown; readonly said: string }> {
  const { KUBECONFIG: _kubeconfig, ...rest } = process.env;
  const all = { ...rest, HOME: '/nowhere', KUBEFERRY_IMAGE: 'kubeferry.example/kubeferry:1', ...env };
  const child = spawn(process.execPath, [BIN, 'operator'], { env: all, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code, said: out + error };
}

test('what the operator cannot work with ends it in words with a hint, and without a stack', async () => {
  await using taken = await servePages('127.0.0.1:0', {});
  const [address, token] = await Promise.all([
    endOf({ KUBEFERRY_HEALTH_ADDRESS: taken.address, KUBEFERRY_METRICS_ADDRESS: '' }),
    endOf({ KUBEFERRY_HEALTH_ADDRESS: '', KUBEFERRY_METRICS_ADDRESS: '', KUBERNETES_SERVICE_HOST: '127.0.0.1' }),
  ]);
  assert.equal(address.code, 2, address.said);
  assert.match(address.said, /EADDRINUSE.*/);
  assert.match(address.said, /KUBEFERRY_HEALTH_ADDRESS/);
  assert.equal(token.code, 2, token.said);
  assert.match(token.said, /automountServiceAccountToken/);
  for (const { said } of [address, token]) assert.doesNotMatch(said, /\n? {4}at /);
});
