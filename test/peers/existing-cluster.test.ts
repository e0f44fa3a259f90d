/** How the tests log in to a cluster that is there already. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { existingCluster } from './existing-cluster.ts';

const CA = '-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kubeferry-existing-'));
  await writeFile(path.join(folder, 'ca.pem'), CA);
});
after(async () => {
  await rm(folder, { recursive: true });
});

/** As kubectl writes it, with a second context that is not the current one. */
async function kubeconfig(user: string): Promise<string> {
  const file = path.join(folder, 'config');
  await writeFile(
    file,
    `apiVersion: v1
kind: Config
current-context: here
contexts:
- {name: there, context: {cluster: there, user: there}}
- {name: here, context: {cluster: here, user: me}}
clusters:
- {name: there, cluster: {server: 'https://there.example'}}
- {name: here, cluster: {server: 'https://here.example:6443/', certificate-authority: ca.pem}}
users:
- {name: there, user: {token: other}}
- {name: me, user: ${user}}
`,
  );
  return file;
}

test('the current context counts, files are found beside the kubeconfig, and names are nobody else’s', async () => {
  const file = await kubeconfig('{token: secret}');
  await using cluster = await existingCluster(file);
  assert.deepEqual(cluster.api, { url: 'https://here.example:6443', ca: CA, token: 'secret' });
  assert.ok(cluster.existing);
  assert.match(cluster.name('guests'), /^guests-[0-9a-f]{6}$/);
  await using later = await existingCluster(file);
  assert.notEqual(later.name('guests'), cluster.name('guests'));
  assert.match(cluster.kubeconfig('worker'), /"server":"https:\/\/here\.example:6443".*"token":"worker"/);
});

test('a client certificate logs in as well', async () => {
  const inline = (text: string): string => Buffer.from(text).toString('base64');
  const user = `{client-certificate-data: ${inline('certificate')}, client-key-data: ${inline('key')}}`;
  await using cluster = await existingCluster(await kubeconfig(user));
  assert.partialDeepStrictEqual(cluster.api, { token: '', cert: 'certificate', key: 'key' });
});

test('a login by a program is refused, and so is a restart', async () => {
  await assert.rejects(existingCluster(await kubeconfig('{exec: {command: login}}')), /a token or a client certificate/);
  await using cluster = await existingCluster(await kubeconfig('{token: secret}'));
  await assert.rejects(cluster.restartApiServer(), /one of its own/);
});
