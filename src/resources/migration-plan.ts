/** MigrationPlan: which VMs go where, how and when. It holds wishes only; what happens to a VM is in its VmMigration. */
import { z } from 'zod';
import { commonStatus, Label, LocalRef, rules, Time } from './common.ts';
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

const Schedule = z
  .strictObject({
    start: Time.exactOptional().describe('Nothing begins before this time.'),
    precopyEvery: z
      .string()
      .regex(/^[1-9][0-9]{0,4}(m|h)$/)
      .default('1h')
      .describe('Time between two precopies of a warm migration, such as 30m.'),
    cutover: Time.exactOptional().describe('When warm VMs are cut over; by hand (kubeferry cutover) when absent.'),
    cutoverUntil: Time.exactOptional().describe('End of the window: what has not begun its cutover by then waits for a new one.'),
    deadline: Time.exactOptional().describe('What has not begun by this time fails instead of beginning late.'),
  })
  .meta(
    rules(
      [
        '!has(self.cutoverUntil) || (has(self.cutover) && timestamp(self.cutoverUntil) > timestamp(self.cutover))',
        'cutoverUntil needs an earlier cutover',
      ],
      [
        '!has(self.start) || !has(self.cutover) || timestamp(self.cutover) >= timestamp(self.start)',
        'cutover must not be before start',
      ],
    ),
  )
  .describe('When things happen; times are RFC 3339.');

const Limits = z
  .strictObject({
    vms: z.int().min(1).max(1000).default(10).describe('VMs of this plan that are worked on at once.'),
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
    schedule: Schedule.exactOptional(),
    limits: Limits.exactOptional(),
    hooks: z.array(Hook).max(32).exactOptional().describe('Jobs at named moments.'),
    commit: z
      .strictObject({
        mode: z
          .enum(['auto', 'manual'])
          .default('auto')
          .describe('auto: a VM that was seen to run is final; manual: it can be rolled back until it is committed.'),
        afterHours: z.int().min(1).max(720).exactOptional().describe('Hours after which a manual commit happens by itself.'),
      })
      .meta(rules(["!has(self.afterHours) || self.mode == 'manual'", 'afterHours goes with mode manual only']))
      .exactOptional()
      .describe('When the way back ends.'),
    verify: z.boolean().default(true).describe('Read every target back and compare it with the source by hash.'),
    shutdown: z
      .strictObject({
        graceSeconds: z
          .int()
          .min(0)
          .max(3600)
          .default(300)
          .describe('Seconds for a guest to shut down; 0 cuts the power at once.'),
        otherwise: z.enum(['force', 'fail']).default('fail').describe('What follows when it does not.'),
      })
      .exactOptional()
      .describe('How a running source is brought to rest.'),
    accept: z.array(Accepted).max(100).exactOptional().describe('Critical concerns that are no obstacle.'),
    dryRun: z.boolean().default(false).describe('Assess and map, and leave it at that.'),
    paused: z.boolean().default(false).describe('Nothing new begins; what runs comes to its end.'),
    canceled: z
      .boolean()
      .default(false)
      .describe('Everything that is not complete is canceled and cleared up. Cannot be taken back.'),
  })
  .meta(
    rules(
      ['self.providerRef == oldSelf.providerRef', 'providerRef cannot be changed'],
      ['!has(oldSelf.canceled) || !oldSelf.canceled || self.canceled', 'a canceled plan stays canceled'],
      ["!has(self.schedule) || !has(self.schedule.cutover) || self.type == 'warm'", 'schedule.cutover goes with type warm only'],
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
      type: 'date',
      jsonPath: '.spec.schedule.cutover',
      description: 'When warm VMs are cut over.',
      priority: 1,
    },
    AGE,
  ],
} as const satisfies Kind;
