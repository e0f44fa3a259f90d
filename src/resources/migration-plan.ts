/** MigrationPlan: which VMs go where, how and when. It holds wishes only; what happens to a VM is in its VmMigration. */
import { z } from 'zod';
import { commonStatus, Duration, Label, LocalRef, rules, Time } from './common.ts';
import { GuestSpec } from './guest-spec.ts';
import { AGE, type Kind } from './kind.ts';
import { NetworkEntries, StorageEntries } from './maps.ts';

const Name = z.string().min(1).max(1024);
const Count = z.int().min(0);

const Selection = z
  .strictObject({
    names: z.array(Name).min(1).max(10_000).exactOptional().describe('VMs by exact name.'),
    ids: z.array(Name).min(1).max(10_000).exactOptional().describe('VMs by the id that the source gives them.'),
    where: z
      .array(Name)
      .min(1)
      .max(32)
      .exactOptional()
      .describe(
        'Criteria that all must hold, as in kubeferry plan --select: folder=prod/*, tag=tier:web, power!=on, name=web-*.',
      ),
  })
  .meta(
    rules(['has(self.names) || has(self.ids) || has(self.where)', 'say names, ids or where; where: ["name=*"] means every VM']),
  )
  .describe('Which VMs of the provider are meant. VMs that are named by names or ids must meet the criteria too.');

const NetworkMapChoice = z
  .strictObject({ ref: LocalRef.exactOptional(), entries: NetworkEntries.exactOptional() })
  .meta(rules(['has(self.ref) != has(self.entries)', 'say either ref or entries']))
  .describe('A NetworkMap by reference, or its entries.');

const StorageMapChoice = z
  .strictObject({ ref: LocalRef.exactOptional(), entries: StorageEntries.exactOptional() })
  .meta(rules(['has(self.ref) != has(self.entries)', 'say either ref or entries']))
  .describe('A StorageMap by reference, or its entries.');

const NameTemplate = z.string().min(1).max(128);

/** MappingOptions without the namespace, which is the target's. */
const Options = z
  .strictObject({
    devices: z
      .enum(['virtio', 'compatibility'])
      .default('virtio')
      .describe('virtio: the guest has, or will be given, virtio drivers; compatibility: sata disks and e1000e NICs.'),
    cpus: z.int().min(1).max(512).exactOptional().describe('Virtual CPUs instead of what the source says.'),
    memory: z
      .string()
      .regex(/^[1-9][0-9]{0,5}(Mi|Gi|Ti)$/)
      .exactOptional()
      .describe('Memory instead of what the source says, such as 4Gi.'),
    firmware: z.enum(['bios', 'uefi']).exactOptional().describe('Firmware instead of what the source says.'),
    cpuModel: z
      .string()
      .min(1)
      .max(128)
      .exactOptional()
      .describe('host-model, host-passthrough or a model that all nodes share.'),
    machineType: z
      .string()
      .regex(/^(pc-)?q35(-[a-z0-9.-]+)?$/)
      .exactOptional()
      .describe('q35 or a version of it.'),
    timezone: z.string().min(1).max(64).exactOptional().describe('Hardware clock of Windows guests whose source does not say.'),
    dedicatedCpus: z.enum(['as-source', 'all']).exactOptional().describe('Processors for one VM alone.'),
    hugepages: z.enum(['2Mi', '1Gi']).exactOptional().describe('Memory from huge pages, where it is a multiple of one.'),
    instancetypes: z.enum(['exact', 'nearest']).exactOptional().describe('Size from the u1 instance types of the cluster.'),
    allocation: z.enum(['thin', 'as-source', 'full']).exactOptional().describe('Space of volumes.'),
    passthroughDisks: z.enum(['copy', 'lun', 'refuse']).exactOptional().describe('RDM and physical disks.'),
    placementRules: z.enum(['preferred', 'required']).exactOptional().describe('Rules that keep VMs together or apart.'),
    runStrategy: z
      .enum(['Halted', 'Always', 'RerunOnFailure', 'Manual'])
      .exactOptional()
      .describe('Of migrated VMs, instead of what the power state says.'),
    vmNames: NameTemplate.exactOptional().describe('Names of VMs, such as prod-{vm}.'),
    claimNames: NameTemplate.exactOptional().describe('Names of claims, such as {vm}-data-{disk}.'),
    nicNames: NameTemplate.exactOptional().describe('Names of interfaces, such as eth{nic}.'),
  })
  .describe('Choices that are neither table nor fact; the same as the options of kubeferry plan.');

const RecurringWindow = {
  cron: z
    .string()
    .min(9)
    .max(128)
    .regex(/^[^ ]+( [^ ]+){4}$/)
    .describe('When it opens, by the clock of timeZone: minute, hour, day of month, month, day of week.'),
  duration: Duration.describe('How long it stays open, in whole minutes: such as 4h; 31 days at most.'),
  timeZone: z.string().min(1).max(64).exactOptional().describe('IANA name, such as Europe/Berlin; Etc/UTC when absent.'),
};

const Blackout = z
  .strictObject({
    cron: RecurringWindow.cron.exactOptional(),
    duration: RecurringWindow.duration.exactOptional(),
    timeZone: RecurringWindow.timeZone,
    from: Time.exactOptional().describe('Beginning of a span that does not recur.'),
    until: Time.exactOptional().describe('Its end.'),
  })
  .meta(
    rules(
      ['has(self.cron) != has(self.from)', 'say either cron and duration, or from and until'],
      ['has(self.cron) == has(self.duration) && (has(self.cron) || !has(self.timeZone))', 'duration and timeZone go with cron'],
      [
        'has(self.from) == has(self.until) && (!has(self.from) || timestamp(self.until) > timestamp(self.from))',
        'from needs a later until',
      ],
    ),
  );

const Cutover = z
  .strictObject({
    mode: z
      .enum(['manual', 'at', 'windows', 'whenReady'])
      .default('manual')
      .describe(
        'manual: somebody says so (kubeferry cutover); at: at a time; windows: in the next window in which it can end; whenReady: as soon as further copies make the rest no smaller.',
      ),
    at: Time.exactOptional().describe('At this time or later.'),
    until: Time.exactOptional().describe('What cannot end by this time is not begun.'),
    windows: z.array(z.strictObject(RecurringWindow)).min(1).max(32).exactOptional().describe('When sources may be shut down.'),
  })
  .meta(
    rules(
      [
        "has(self.at) == (self.mode == 'at') && (has(self.at) || !has(self.until))",
        'at and until go with mode at, which needs at',
      ],
      ["has(self.windows) == (self.mode == 'windows')", 'windows go with mode windows, which needs some'],
      ['!has(self.at) || !has(self.until) || timestamp(self.until) > timestamp(self.at)', 'until must be later than at'],
    ),
  )
  .describe('When the sources of warm VMs are shut down and the VMs start in the cluster.');

const Schedule = z
  .strictObject({
    start: Time.exactOptional().describe('Nothing begins before this time.'),
    deadline: Time.exactOptional().describe('What has not begun by this time fails instead of beginning late.'),
    precopyEvery: Duration.exactOptional().describe(
      'Time between two copies of what changed in a VM that runs, such as 30m, from 1m; as often as it makes sense when absent.',
    ),
    cutover: Cutover.exactOptional(),
    blackouts: z
      .array(Blackout)
      .min(1)
      .max(64)
      .exactOptional()
      .describe('No cutover overlaps one of these: spans that recur (cron, duration, timeZone), or single ones (from, until).'),
    downtimeBudget: Duration.exactOptional().describe('No cutover while a longer downtime is predicted, such as 5m.'),
  })
  .meta(
    rules([
      '!has(self.start) || !has(self.cutover) || !has(self.cutover.at) || timestamp(self.cutover.at) >= timestamp(self.start)',
      'cutover must not be before start',
    ]),
  )
  .describe('When things happen; times are RFC 3339.');

const Group = z.strictObject({
  name: Label.describe('Name of the group.'),
  vms: z.array(Name).min(2).max(256).describe('Its VMs, by name or id; no VM is in two groups.'),
});

const Commit = z
  .strictObject({
    mode: z
      .enum(['auto', 'manual'])
      .default('auto')
      .describe('auto: a VM that was seen to run is final; manual: it can be rolled back until it is committed.'),
    within: Duration.exactOptional().describe(
      'How long a VM waits for somebody to commit it or to take it back, such as 2h; as long as it takes when absent.',
    ),
    otherwise: z.enum(['RollBack', 'Commit']).exactOptional().describe('What follows when nobody has said anything by then.'),
  })
  .meta(
    rules(
      ["!has(self.within) || self.mode == 'manual'", 'within goes with mode manual only'],
      ['has(self.within) == has(self.otherwise)', 'within and otherwise go together'],
    ),
  )
  .describe('When the way back ends.');

const Limits = z
  .strictObject({
    vms: z
      .int()
      .min(1)
      .max(1000)
      .default(10)
      .describe('VMs of this plan that are worked on at once; a warm VM that waits for its next copy or its cutover is none.'),
    transfers: z.int().min(1).max(1000).default(20).describe('Disks of this plan that are copied at once.'),
    perStorageClass: z.int().min(1).max(1000).exactOptional().describe('Disks at once onto one storage class.'),
    perNode: z.int().min(1).max(64).exactOptional().describe('Workers at once on one node.'),
    bandwidth: z.string().max(1024).exactOptional().describe('Bytes a second, such as 200MB/s, or a calendar of rates.'),
    priority: z.int().min(-100).max(100).default(0).describe('Plans of a higher number go first where limits are shared.'),
  })
  .describe('How much at once.');

const Hook = z
  .strictObject({
    at: z
      .enum(['BeforeCopy', 'AfterCopy', 'BeforeCutover', 'AfterCutover', 'OnFailure'])
      .describe('When it runs; the migration waits for it.'),
    image: z.string().min(1).max(1024).describe('Image of the Job that is run.'),
    command: z.array(z.string().max(4096)).min(1).max(64).exactOptional().describe('Command in the image; its own when absent.'),
    serviceAccountName: Label.exactOptional().describe('Account of the Job; the default one when absent.'),
    secretRef: LocalRef.exactOptional().describe('Secret whose keys the Job has as environment.'),
    timeoutSeconds: z.int().min(1).max(86_400).default(600).describe('Seconds until the hook counts as failed.'),
    onError: z.enum(['Fail', 'Continue']).default('Fail').describe('What a failed hook means for the VM.'),
  })
  .describe(
    'A Job at a named moment. It is told plan, VM and moment in the environment (KUBEFERRY_PLAN, KUBEFERRY_VM, KUBEFERRY_HOOK).',
  );

const Accepted = z
  .strictObject({
    concern: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
      .describe('Id of a Critical concern.'),
    vms: z.array(Name).min(1).max(10_000).exactOptional().describe('Only for these VMs, by name or id; for all when absent.'),
    reason: z.string().min(3).max(1024).describe('Why it is accepted, and by whom; it stays in the status.'),
  })
  .describe('A Critical concern that is no obstacle.');

const MigrationPlanSpec = z
  .strictObject({
    providerRef: LocalRef.describe('The Provider that holds the VMs.'),
    selection: Selection,
    networkMap: NetworkMapChoice.exactOptional(),
    storageMap: StorageMapChoice.exactOptional(),
    target: z
      .strictObject({ namespace: Label.exactOptional().describe('Where VMs are made; the namespace of the plan when absent.') })
      .exactOptional()
      .describe('Where VMs go.'),
    type: z
      .enum(['cold', 'warm'])
      .default('cold')
      .describe('cold: the VM is off while it is copied; warm: it runs until its cutover.'),
    options: Options.exactOptional(),
    guest: GuestSpec.exactOptional(),
    schedule: Schedule.exactOptional(),
    limits: Limits.exactOptional(),
    hooks: z.array(Hook).max(32).exactOptional().describe('Jobs at named moments.'),
    groups: z
      .array(Group)
      .max(256)
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
      .exactOptional()
      .describe('VMs that are cut over together, or not at all.'),
    commit: Commit.exactOptional(),
    sourceAfterCommit: z
      .strictObject({
        rename: z.string().min(1).max(40).exactOptional().describe('Appended to its name.'),
        folder: z
          .string()
          .min(1)
          .max(512)
          .exactOptional()
          .describe('Folder of VMs of its datacenter that it is moved to, such as migrated/2030; it has to be there.'),
        disconnectNics: z
          .boolean()
          .exactOptional()
          .describe('Its network cards are disconnected, now and when it is powered on.'),
      })
      .exactOptional()
      .describe(
        'What becomes of a source once its VM is in the cluster for good; nothing of it is ever deleted. Of VMs that have begun it stays as it was.',
      ),
    verify: z.boolean().default(true).describe('Read every target back and compare it with the source by hash.'),
    recheckSource: z
      .boolean()
      .default(false)
      .describe('Read every source a second time and compare: finds what a link or a medium got wrong.'),
    proveAll: z
      .boolean()
      .default(false)
      .describe(
        'Read all of a warm disk back at its cutover, not only what its passes have not read since they wrote it: finds what others did to it, while the VM waits.',
      ),
    shutdown: z
      .strictObject({
        graceSeconds: z
          .int()
          .min(0)
          .max(3600)
          .default(300)
          .describe('Seconds for a guest to shut down; 0 cuts the power at once.'),
        otherwise: z.enum(['force', 'fail']).default('fail').describe('What follows when it does not.'),
        afterFailure: z
          .enum(['start-again', 'ask', 'leave-off'])
          .default('start-again')
          .describe(
            'What becomes of a source that was shut down, when the migration of its VM fails or is canceled; ask: it stays off until somebody rolls the VM back or retries it.',
          ),
      })
      .exactOptional()
      .describe('How a running source is brought to rest.'),
    accept: z.array(Accepted).max(100).exactOptional().describe('Critical concerns that are no obstacle.'),
    dryRun: z.boolean().default(false).describe('Assess and map, and leave it at that.'),
    paused: z
      .boolean()
      .default(false)
      .describe('Nothing new begins, no copy and no cutover of VMs that wait either; what runs comes to its end.'),
    cutover: Time.exactOptional().describe(
      'Cut warm VMs over at this time, or as soon after as can be; goes before schedule.cutover, its windows and its budget.',
    ),
    canceled: z
      .boolean()
      .default(false)
      .describe('Everything that is not complete is canceled and cleared up. Cannot be taken back.'),
  })
  .meta(
    rules(
      ['self.providerRef == oldSelf.providerRef', 'providerRef cannot be changed'],
      ['!has(oldSelf.canceled) || !oldSelf.canceled || self.canceled', 'a canceled plan stays canceled'],
      [
        "self.type == 'warm' || !(has(self.cutover) || (has(self.schedule) && (has(self.schedule.cutover) || has(self.schedule.precopyEvery))))",
        'cutover and schedule.precopyEvery go with type warm only',
      ],
    ),
  );

const MigrationPlanStatus = z.strictObject({
  ...commonStatus,
  vms: z
    .strictObject({ total: Count, waiting: Count, running: Count, completed: Count, failed: Count, canceled: Count })
    .exactOptional()
    .describe('Counts of the VmMigrations by what they are doing.'),
  progress: z.int().min(0).max(100).exactOptional().describe('Percent of all bytes that are moved.'),
  bytes: z.strictObject({ moved: Count, total: Count }).exactOptional(),
  startedAt: Time.exactOptional(),
  endedAt: Time.exactOptional(),
  accepted: z
    .array(z.strictObject({ concern: z.string().max(128), reason: z.string().max(1024), at: Time, vms: Count }))
    .max(100)
    .exactOptional()
    .describe('Critical concerns that were accepted, with the reason and for how many VMs.'),
  assessedAs: z
    .string()
    .max(64)
    .exactOptional()
    .describe('Digest of the part of the spec, and of the maps, that the VMs were assessed by.'),
  missing: z.array(Name).max(100).exactOptional().describe('Names and ids that mean no VM.'),
});

export type MigrationPlanSpec = z.output<typeof MigrationPlanSpec>;
export type MigrationPlanStatus = z.output<typeof MigrationPlanStatus>;

export const MIGRATION_PLAN = {
  kind: 'MigrationPlan',
  plural: 'migrationplans',
  singular: 'migrationplan',
  shortNames: ['plan', 'plans', 'mplan'],
  description: 'Which VMs of a provider go where, how and when. Every VM gets a VmMigration.',
  spec: MigrationPlanSpec,
  status: MigrationPlanStatus,
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'cold or warm.' },
    {
      name: 'State',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: 'What the plan is doing, or why it does nothing.',
    },
    { name: 'VMs', type: 'integer', jsonPath: '.status.vms.total', description: 'Virtual machines of the plan.' },
    { name: 'Done', type: 'integer', jsonPath: '.status.vms.completed', description: 'Complete.' },
    { name: 'Failed', type: 'integer', jsonPath: '.status.vms.failed', description: 'Failed.' },
    { name: '%', type: 'integer', jsonPath: '.status.progress', description: 'Percent of all bytes that are moved.' },
    {
      name: 'Cutover',
      type: 'string',
      jsonPath: '.spec.schedule.cutover.mode',
      description: 'How it is decided when warm VMs are cut over.',
      priority: 1,
    },
    AGE,
  ],
} as const satisfies Kind;
