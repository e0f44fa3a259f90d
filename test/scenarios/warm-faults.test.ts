/**
 * Warm migrations of a simulated vCenter whose guests write while they are copied. Troubles come by a seed: processes die, the service goes away,
 * tracking loses count, snapshots fail or disappear, disks grow, come and go, VMs move. What is held in every run: warm/play.ts.
 * `npm run test:soak` plays 200; `KUBEFERRY_SEED=17` begins with that seed.
 */
import { test } from 'node:test';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { playAll, seeds, type WarmGround, type WarmGuest } from './warm/play.ts';
import { storyOf, VCENTER_TROUBLES, type WarmStory } from './warm/story.ts';

/** The vCenter, whose only guest of the moment is that of the run. */
function groundOf(server: Vcenter): WarmGround {
  const account = { user: server.username, password: server.password, trust: { thumbprint: server.thumbprint.sha256 } };
  return {
    access: { server: { url: `vsphere://${server.host}:${server.port}`, ...account } },
    begin: (name, story) => begin(server, name, story),
  };
}

async function begin(server: Vcenter, name: string, story: WarmStory): Promise<WarmGuest> {
  const { seed, disks, writeEvery, tracked, tools, kinds, troubles } = story;
  const guest = await server.guest(name, { disks, seed, writeEvery, tracked, tools });
  const known = VCENTER_TROUBLES.filter((kind) => kinds.includes(kind));
  server.plague({ seed, kinds: known, guests: [guest], every: 25, most: troubles });
  return {
    get on() {
      return guest.on;
    },
    get disks() {
      return guest.disks.map(({ key }) => key);
    },
    get writesWhileOff() {
      return guest.writesWhileOff;
    },
    digest: (key) => guest.truth()?.digest(Number(key)),
    powerOn: async () => await server.others.powerOn(guest),
    calm: () => server.plague(),
    afterFailure: async (code) => {
      // Tracking cannot be switched on above somebody's snapshot, and the message says that it has to go.
      if (code === 'change-tracking-unavailable') await server.trouble('backup-ends', guest);
    },
    left: () => server.ledger.openSnapshots.filter(({ vm }) => vm === guest.vm).map(({ name: open }) => open),
    told: () =>
      server.ledger.chronicle
        .of(guest.vm)
        .map(({ order, what, by }) => `${order} ${what} (${by})`)
        .join('\n'),
    drop: async () => await server.drop(guest),
  };
}

test('whatever befalls a warm migration, its disks are those of the guest when its power went', {
  timeout: 5_400_000,
}, async (t) => {
  const server = await startVcenter({ vms: 1, model: { datastore: 2 }, areasPerAnswer: 5 });
  t.after(async () => await server[Symbol.asyncDispose]());
  await playAll(
    t,
    groundOf(server),
    seeds(6, 200).map((seed) => storyOf(seed, VCENTER_TROUBLES)),
  );
});
