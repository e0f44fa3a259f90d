/**
 * Warm migrations of a simulated failover cluster of Hyper-V hosts whose guests write while their disks are read from a real samba, over WinRM as
 * it is spoken. Troubles come by a seed: processes die, services restart, connections are cut in the middle of an answer, jobs fail, tracking
 * loses count, checkpoints of others come and go, disks grow, come and go, VMs move to the other host. What is held in every run: warm/play.ts.
 * `npm run test:soak` plays 200; `KUBEFERRY_SEED=17` begins with that seed.
 */
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import { WEATHER } from '../peers/hyperv/weather.ts';
import { type Hyperv, startHyperv } from '../peers/hyperv.ts';
import { startSamba } from '../peers/samba.ts';
import { playAll, seeds, type WarmGround, type WarmGuest } from './warm/play.ts';
import { storyOf, type WarmStory } from './warm/story.ts';

/** What may befall a VM that is migrated, and must not cost a byte. */
const TROUBLES = [
  'checkpoint-fails',
  'settle-fails',
  'removal-fails',
  'forget-fails',
  'start-fails',
  'tracking-unavailable',
  'rct-reset',
  'merge-late',
  'backup-begins',
  'backup-ends',
  'user-checkpoint',
  'user-checkpoint-removed',
  'reverted',
  'our-checkpoint-removed',
  'disk-grown',
  'disk-added',
  'disk-removed',
  'moved',
  'moved-and-reset',
  'storage-moved',
  'failover',
  'shutdown-hangs',
  'no-shutdown-service',
  'guest-shuts-down',
  'power-cut',
  'outage',
  'burst',
  ...WEATHER,
] as const;

async function begin(server: Hyperv, name: string, story: WarmStory): Promise<WarmGuest> {
  const { seed, writeEvery, tools, kinds, troubles } = story;
  const disks = story.disks.map((capacity) => Math.ceil(capacity / 4096) * 4096);
  const machine = await server.add(name, { disks, seed, writeEvery, shutdownService: tools });
  const known = TROUBLES.filter((kind) => kinds.includes(kind));
  server.plague({ seed, kinds: known, machines: [machine], every: 6, most: troubles });
  return {
    get on() {
      return machine.on;
    },
    get disks() {
      return [...machine.disks.keys()];
    },
    // A machine of the simulator writes only while it is on.
    writesWhileOff: 0,
    digest: (key) => machine.truth()?.digest(String(key)),
    powerOn: async () => machine.powerOn('somebody'),
    calm: () => server.clear(),
    afterFailure: async () => {
      // The messages say that a backup has to end before there can be another checkpoint.
      await server.trouble('backup-ends', machine);
    },
    left: () => [
      ...machine.checkpoints.filter(({ foreign }) => !foreign).map((checkpoint) => `checkpoint ${checkpoint.name}`),
      ...machine.referencePoints.map((point) => `reference point ${point.name}`),
      ...server.ledger.refused.map((what) => `refused: ${what}`),
    ],
    told: () =>
      server.ledger.chronicle
        .of(machine.id)
        .map(({ order, what, by }) => `${order} ${what} (${by})`)
        .join('\n'),
    drop: async () => await server.drop(machine),
  };
}

test('whatever befalls a warm migration from Hyper-V, its disks are those of the guest when its power went', {
  timeout: 5_400_000,
}, async (t) => {
  const server = await startHyperv({
    ...{ hosts: ['HV1', 'HV2'], cluster: 'FC1' },
    // More processes are killed here in minutes than elsewhere in years; each leaves a shell, which the host takes away a quarter of an hour later.
    quotas: { shells: 10_000 },
  });
  t.after(async () => await server[Symbol.asyncDispose]());
  // Disks are on the cluster's volume, until somebody moves them to a node.
  const local = server.real('C:\\VMs');
  await mkdir(local, { recursive: true });
  const samba = await startSamba({
    shares: { VMs: local, volume1: server.real('C:\\ClusterStorage\\Volume1') },
  });
  t.after(async () => await samba[Symbol.asyncDispose]());
  const { username: user, password } = server;
  const ground: WarmGround = {
    access: {
      server: {
        url: `hyperv://${server.host}:${server.securePort}`,
        user,
        password,
        trust: { ca: server.certificate.certificate },
      },
      files: {
        paths: [
          { from: 'C:\\VMs', to: `smb://${samba.host}:${samba.port}/VMs` },
          { from: 'C:\\ClusterStorage\\Volume1', to: `smb://${samba.host}:${samba.port}/volume1` },
        ],
        login: { user: samba.user, password: samba.password },
      },
    },
    begin: (name, story) => begin(server, name, story),
  };
  await playAll(
    t,
    ground,
    seeds(6, 200).map((seed) => storyOf(seed, TROUBLES)),
  );
});
