import type { TestContext } from 'node:test';
import { after } from 'node:test';
import { vsphereProvider } from '../../../providers/vsphere/index.ts';
import { describeProvider } from '../../conformance/provider.ts';
import { startVcsim, type Vcsim } from '../../peers/vcsim.ts';

/** One simulator of a kind for the whole suite: nothing in it changes the inventory. */
for (const [name, esx] of [
  ['vCenter', false],
  ['ESXi', true],
] as const) {
  let shared: Promise<Vcsim> | undefined;

  after(async () => await (await shared)?.[Symbol.asyncDispose]());

  describeProvider(name, async (_: TestContext) => {
    shared ??= startVcsim({ autostart: false, esx });
    const { host, port, username, password, thumbprint } = await shared;
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
}
