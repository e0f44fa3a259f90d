import { after, type TestContext } from 'node:test';
import { hypervProvider } from '../../../providers/hyperv/index.ts';
import { describeProvider } from '../../conformance/provider.ts';
import { type Hyperv, startHyperv } from '../../peers/hyperv.ts';

const MiB = 1024 * 1024;

/** One simulator of a kind for the whole suite: nothing in it changes the inventory. Every VM is off, so that every disk can be opened. */
for (const [name, options] of [
  ['A Hyper-V host', {}],
  ['A failover cluster of Hyper-V hosts', { hosts: ['HV1', 'HV2', 'HV3'], cluster: 'CL1' }],
] as const) {
  let shared: Promise<Hyperv> | undefined;

  after(async () => await (await shared)?.[Symbol.asyncDispose]());

  describeProvider(name, async (_: TestContext) => {
    shared ??= startHyperv({
      ...options,
      vms: {
        web: { on: false, disks: [MiB, { capacity: 2 * MiB, type: 'Fixed', slot: 'scsi0:3' }] },
        db: { on: false, host: 'hosts' in options ? 'HV3' : 'HV1', disks: [{ capacity: MiB, children: 2 }] },
        'old büro': { on: false, clustered: false, facts: { generation: 1 }, disks: [MiB] },
      },
    });
    const { url, username, password, certificate } = await shared;
    return {
      provider: hypervProvider,
      source: url,
      options: {
        credentials: async () => ({ user: username, password }),
        trust: { ca: certificate.certificate },
      },
      secrets: [password],
    };
  });
}
