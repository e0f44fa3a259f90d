import type { TestContext } from 'node:test';
import { after } from 'node:test';
import { vsphereProvider } from '../../../providers/vsphere/index.ts';
import { describeProvider } from '../../conformance/provider.ts';
import { startVcsim, type Vcsim } from '../../peers/vcsim.ts';

let shared: Promise<Vcsim> | undefined;

/** One simulator for the whole suite: nothing in it changes the inventory. */
async function simulator(): Promise<Vcsim> {
  shared ??= startVcsim({ autostart: false });
  return await shared;
}

after(async () => await (await shared)?.[Symbol.asyncDispose]());

describeProvider('vSphere', async (_: TestContext) => {
  const { host, port, username, password, thumbprint } = await simulator();
  return {
    provider: vsphereProvider,
    source: `vsphere://${encodeURIComponent(username)}@${host}:${port}`,
    options: {
      credentials: async () => ({ user: username, password }),
      trust: { thumbprint: thumbprint.sha256 },
    },
    secrets: [password],
  };
});
