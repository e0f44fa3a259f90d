import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Check } from '../../src/contracts/provider.ts';
import { checkGuestTools } from '../../src/convert/check-tools.ts';

const { PATH } = process.env;
after(() => {
  process.env['PATH'] = PATH;
});

async function found(): Promise<readonly Check[]> {
  return await Array.fromAsync(checkGuestTools(AbortSignal.timeout(60_000)));
}

test('a machine with all programs can convert guests and see them boot, and says how fast', async () => {
  const checks = await found();
  assert.deepEqual(
    checks.map(({ id }) => id),
    ['guest-conversion', 'guest-boot', 'guest-accelerator'],
  );
  assert.deepEqual(
    checks.slice(0, 2).map(({ outcome }) => outcome),
    ['ok', 'ok'],
  );
});

test('what is missing is named with the packages that bring it, and is no failure', async () => {
  process.env['PATH'] = '/nowhere';
  const [conversion, boot, ...more] = await found();
  assert.equal(conversion?.outcome, 'warning');
  assert.match(conversion?.todo ?? '', /Install libguestfs-tools virt-v2v qemu-utils .*--guest none/);
  assert.match(boot?.todo ?? '', /Install qemu-system-x86 qemu-utils/);
  assert.deepEqual(more, []);
});
