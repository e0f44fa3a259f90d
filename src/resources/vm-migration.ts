/** VmMigration: one VM on its way, so that no object grows with its plan. Made by the operator; people set the switches in its spec. */
import { z } from 'zod';
import { commonStatus, Label, LocalRef, ObjectName, rules, Time } from './common.ts';
import { GuestStatus } from './guest-status.ts';
import { AGE, type Kind } from './kind.ts';

const Name = z.string().min(1).max(1024);
const Count = z.int().min(0);

const VmMigrationSpec = z
  .strictObject({
    planRef: LocalRef.describe('The MigrationPlan that made it.'),
    vm: z
      .strictObject({ id: Name.describe('Id at the source.'), name: Name.describe('Name at the source.') })
      .describe('The VM.'),
    cutover: Time.exactOptional().describe('Cut over at this time; goes before the schedule of the plan.'),
    paused: z.boolean().default(false).describe('The next phase does not begin.'),
    canceled: z.boolean().default(false).describe('Stop, clear up, and power the source on again where it was on.'),
    committed: z.boolean().default(false).describe('The way back is given up.'),
    rolledBack: z
      .boolean()
      .default(false)
      .describe('Stop the migrated VM and power the source on again; also of one that failed with its source left off.'),
    testCutover: z
      .boolean()
      .exactOptional()
      .describe(
        'While it waits between two copies: make a VM <name>-test over clones of what is copied until now, its guest converted as the cutover will, without any network. It is removed when this is switched off, and with the cutover, the cancellation or the deletion.',
      ),
    proveTest: z
      .boolean()
      .exactOptional()
      .describe('Watch the VM of the test until its guest is seen to boot, or not; nothing else depends on it.'),
    retry: Count.default(0).describe('Counted up to try a failed or canceled VM again from the phase that stopped it.'),
  })
  .meta(
    rules(
      ['self.vm == oldSelf.vm && self.planRef == oldSelf.planRef', 'vm and planRef cannot be changed'],
      ['!(self.committed && self.rolledBack)', 'either committed or rolledBack'],
    ),
  );

const Concern = z.strictObject({
  id: z.string().max(128),
  category: z.enum(['Critical', 'Warning', 'Information']),
  label: z.string().max(1024),
  assessment: z.string().max(4096).describe('What to do.'),
  subject: z.string().max(1024).exactOptional(),
  accepted: z.string().max(1024).exactOptional().describe('The reason why it is no obstacle.'),
});

const Disk = z.strictObject({
  disk: z.string().max(256).describe('Key of the disk at the source.'),
  claim: z.string().max(253).describe('The PersistentVolumeClaim that receives it.'),
  storage: z.string().max(1024).exactOptional().describe('Datastore or volume at the source.'),
  storageClass: z.string().max(253).exactOptional().describe('Storage class of the claim.'),
  capacity: Count.describe('Guest-visible bytes.'),
  done: Count.describe('Bytes moved in this pass.'),
  total: Count.describe('Bytes to be moved in this pass.'),
  stage: z.enum(['waiting', 'copy', 'prove', 'complete', 'failed']),
  transport: z.string().max(512).exactOptional().describe('How the bytes come, and why so.'),
  root: z.string().max(64).exactOptional().describe('Hash over the hashes of all blocks; the proof of the disk.'),
  copiedRoot: z
    .string()
    .max(64)
    .exactOptional()
    .describe('The same hash of what came from the source, where the conversion of the guest changed the disk since.'),
  blockSize: Count.exactOptional().describe('Bytes that one hash of the proof covers.'),
  passes: Count.exactOptional().describe('Readings that made the target what it is.'),
  allocated: Count.exactOptional().describe('Bytes that hold data at the source; known when the disk is complete.'),
  moved: Count.exactOptional().describe('Bytes that were moved by the latest copy that ended.'),
  compared: z.string().max(1024).exactOptional().describe('Why everything was read although only changes were asked for.'),
  repaired: z
    .strictObject({ target: Count, source: Count })
    .exactOptional()
    .describe('Blocks that were found wrong, at the target or in the first reading of the source, and brought once more.'),
  seconds: z.number().min(0).exactOptional().describe('How long it took.'),
  sinceCutover: z
    .enum(['unchanged', 'written', 'unknown'])
    .exactOptional()
    .describe('Whether the VM in the cluster wrote to it, of one that was taken back.'),
});

const Seconds = z.number().min(0);
const Sentence = z.string().max(1024);
/** Written whole: an API server that takes the last of its parts away by itself leaves null, which the definition refuses. */
const Checkpoints = z.record(z.string().max(256), z.string().max(1024)).meta({ 'x-kubernetes-map-type': 'atomic' });

const HeldSnapshot = z.strictObject({
  id: z.string().max(1024),
  name: z.string().max(1024),
  pass: Count.describe('Number of the pass that it is read for.'),
  at: Time.describe('When it was asked for.'),
  seconds: Seconds.describe('How long making it took.'),
  checkpoints: Checkpoints.describe('Change tracking of each disk at this instant.'),
});

const Pass = z.strictObject({
  number: Count.describe('1 is the full copy.'),
  checkpointAt: Time.describe('The instant whose content it brought.'),
  bytes: Count.describe('Bytes that were moved.'),
  copySeconds: Seconds,
  snapshotSeconds: Seconds,
  compared: z
    .strictObject({ bytes: Count, because: Sentence })
    .exactOptional()
    .describe('What had to be read because nobody knew what had changed.'),
});

const Warm = z.strictObject({
  id: z.string().max(64).describe('Tells the snapshots of this migration from those of others.'),
  held: HeldSnapshot.exactOptional().describe('The snapshot at the source that is ours; absent when none is.'),
  checkpoints: Checkpoints.describe('From where on the changes of each disk are not at the target yet.'),
  outdated: z
    .array(z.string().max(1024))
    .max(256)
    .exactOptional()
    .describe('Checkpoints that newer ones replaced, and that the source still has to let go of.'),
  left: z
    .string()
    .max(4096)
    .exactOptional()
    .describe('What the source still keeps although nothing asks for it any more, and what a person does about it.'),
  passes: z.array(Pass).max(32).describe('The full copy, and the latest of those after it.'),
  setback: z
    .strictObject({ count: Count, code: z.string().max(128), message: z.string().max(4096), at: Time })
    .exactOptional()
    .describe('Copies in a row that failed while the VM runs on.'),
});

const Spread = z.strictObject({ low: z.number(), likely: z.number(), high: z.number() });

export const Outlook = z.strictObject({
  next: z.enum(['start', 'precopy', 'cutover', 'group', 'commit']).describe('What comes next.'),
  at: Time.exactOptional().describe('When; absent: when somebody says so.'),
  because: Sentence,
  cutoverAt: Time.exactOptional().describe('When its source is to be shut down.'),
  cutoverBecause: Sentence.exactOptional(),
  downtime: z
    .strictObject({
      finalDelta: Spread.describe('Bytes of the last copy.'),
      seconds: Spread.describe('From the shutdown of the source until the VM has booted in the cluster.'),
      changeRate: Count.describe('Bytes a second that the guest changes.'),
      copyRate: Count.describe('Bytes a second that are copied.'),
      converges: z.boolean().describe('False: further copies make the rest no smaller.'),
      advice: z.array(Sentence).max(8).describe('What would help.'),
    })
    .exactOptional()
    .describe('What a cutover at the next occasion would cost.'),
});

const Proof = z.strictObject({
  booted: z.boolean(),
  seconds: Seconds.describe('From the start of the VM to the verdict.'),
  evidence: z
    .array(
      z.strictObject({
        kind: z.string().max(64).describe('Stable word: guest-agent, probe; running where nothing was seen of the guest itself.'),
        text: z.string().max(256),
        seconds: Seconds.describe('After its start.'),
      }),
    )
    .max(32)
    .describe('What speaks for it.'),
  trouble: z
    .strictObject({ code: z.string().max(64).describe('Stable word for programs.'), text: Sentence })
    .exactOptional()
    .describe('Why it does not count as booted.'),
  accelerator: z.enum(['kvm', 'tcg']).describe('tcg: KubeVirt emulates the processor.'),
  addresses: z
    .array(z.strictObject({ mac: z.string().max(64), addresses: z.array(z.string().max(64)).max(32) }))
    .max(256)
    .describe('What its NICs were seen to use.'),
  differences: z.array(Sentence).max(64).describe('What is not as it was at the source, and what could not be seen.'),
  screenshot: ObjectName.exactOptional().describe('ConfigMap beside this object with the picture of its screen, as screen.png.'),
});

const VmMigrationStatus = z.strictObject({
  ...commonStatus,
  phase: z.string().max(64).exactOptional().describe('Where it is in its itinerary.'),
  since: Time.exactOptional().describe('When this phase began.'),
  doing: z.string().max(256).exactOptional().describe('What is done to the guest, or seen of it, at the moment.'),
  waitingFor: z.string().max(1024).exactOptional().describe('Why nothing happens now: waiting for host esx-3: 4 of 4 transfers.'),
  targetName: Label.exactOptional().describe('Name of the VirtualMachine.'),
  targetNamespace: Label.exactOptional().describe('Where the VirtualMachine is made.'),
  provider: ObjectName.exactOptional().describe('The Provider that holds the VM.'),
  host: z.string().max(1024).exactOptional().describe('Host that ran the VM when it was assessed.'),
  decided: z
    .string()
    .max(64)
    .exactOptional()
    .describe('Digest of what was decided about the VM; it changes when the decisions do.'),
  progress: z.int().min(0).max(100).exactOptional().describe('Percent of the bytes of this pass that are moved.'),
  disks: z.array(Disk).max(256).exactOptional(),
  concerns: z.array(Concern).max(256).exactOptional().describe('What was found before anything began; the gravest first.'),
  critical: Count.exactOptional().describe('Critical concerns that nobody accepted.'),
  history: z
    .array(
      z.strictObject({
        phase: z.string().max(64),
        startedAt: Time,
        endedAt: Time,
        skipped: z.string().max(1024).exactOptional().describe('Why there was nothing to do.'),
      }),
    )
    .max(512)
    .exactOptional()
    .describe('Phases that ended.'),
  hooks: z
    .array(
      z.strictObject({
        hook: z.string().max(64).describe('Which of the plan, and in which try.'),
        at: z.enum(['BeforeCopy', 'AfterCopy', 'BeforeCutover', 'AfterCutover', 'OnFailure']),
        outcome: z.enum(['succeeded', 'failed', 'timed-out']),
        by: z.string().max(253).describe('Name of its Job.'),
        message: z.string().max(1024).describe('What it said in the end, or why it failed.'),
        startedAt: Time,
        endedAt: Time,
      }),
    )
    .max(256)
    .exactOptional()
    .describe('Hooks that have ended.'),
  failure: z
    .strictObject({
      phase: z.string().max(64),
      code: z.string().max(128).describe('Stable word for programs.'),
      message: z.string().max(4096),
      hint: z.string().max(4096).describe('What to do.'),
      source: z.enum(['started-again', 'left-off']).exactOptional().describe('What became of a source that was switched off.'),
      target: z
        .enum(['stopped', 'never-there', 'unknown'])
        .exactOptional()
        .describe('What became of the VM in the cluster, where it may have been made already.'),
    })
    .exactOptional()
    .describe('Why it stopped.'),
  group: Label.exactOptional().describe('Group of the VMs that are cut over with it, or not at all.'),
  guest: GuestStatus.exactOptional().describe('What was done to the guest on the copied disks.'),
  warm: Warm.exactOptional().describe('Where a warm migration stands between its copies.'),
  proof: Proof.exactOptional().describe('What was seen of the guest when it started in the cluster.'),
  outlook: Outlook.exactOptional().describe('What it waits for; absent while it is worked on.'),
  outlookFor: z
    .string()
    .max(64)
    .exactOptional()
    .describe('Digest of the wishes that the outlook is by; it is looked at anew when they are others.'),
  test: z
    .strictObject({
      state: z
        .enum(['cloning', 'converting', 'started', 'failed'])
        .describe('converting: what the cutover does to the guest is done to it on the clones; the migration goes on beside it.'),
      doing: Sentence.exactOptional().describe('What is done at the moment.'),
      vm: Label.describe('Name of the VirtualMachine of the test.'),
      by: z.enum(['csi-clone', 'snapshot', 'copy']).describe('How its claims are made.'),
      because: Sentence.describe('Why so.'),
      holds: z.boolean().describe('Nothing is copied to the target until the clones are taken.'),
      since: Time,
      code: z.string().max(128).exactOptional().describe('Of the failure: a stable word for programs.'),
      message: Sentence.exactOptional().describe('Why it failed.'),
      guest: GuestStatus.exactOptional().describe('What was done to its guest before it started.'),
      proof: Proof.exactOptional().describe('What was seen of its guest, where that was asked for.'),
    })
    .exactOptional()
    .describe('A test of what is copied until now.'),
  downtime: z
    .strictObject({
      text: z.string().max(64).describe('For people: what is predicted, later how long it was.'),
      predicted: Spread.exactOptional().describe('Seconds, as it was predicted last.'),
      seconds: Seconds.exactOptional().describe(
        'From the shutdown of the source until the VM ran in the cluster, once that is over.',
      ),
    })
    .exactOptional()
    .describe('How long the VM runs nowhere.'),
  retried: Count.exactOptional().describe('spec.retry that was acted on.'),
  sourceStopped: z.boolean().exactOptional().describe('This migration switched the source off, or was about to.'),
  sourceWasOn: z.boolean().exactOptional().describe('The source was running when the migration began.'),
});

export type VmMigrationSpec = z.output<typeof VmMigrationSpec>;
export type VmMigrationStatus = z.output<typeof VmMigrationStatus>;

export const VM_MIGRATION = {
  kind: 'VmMigration',
  plural: 'vmmigrations',
  singular: 'vmmigration',
  shortNames: ['vmm', 'vmms'],
  description: 'One virtual machine on its way to the cluster.',
  spec: VmMigrationSpec,
  status: VmMigrationStatus,
  columns: [
    { name: 'VM', type: 'string', jsonPath: '.spec.vm.name', description: 'Name at the source.' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Where it is.' },
    {
      name: '%',
      type: 'integer',
      jsonPath: '.status.progress',
      description: 'Percent of the bytes of this pass that are moved.',
    },
    { name: 'Next', type: 'string', jsonPath: '.status.outlook.next', description: 'What a VM that waits does next.' },
    {
      name: 'Cutover',
      type: 'string',
      jsonPath: '.status.outlook.cutoverAt',
      description: 'When its source is to be shut down.',
    },
    { name: 'Downtime', type: 'string', jsonPath: '.status.downtime.text', description: 'Predicted, later as it was.' },
    { name: 'Critical', type: 'integer', jsonPath: '.status.critical', description: 'Critical concerns that nobody accepted.' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waitingFor', description: 'Why nothing happens now.' },
    { name: 'Plan', type: 'string', jsonPath: '.spec.planRef.name', description: 'The plan that made it.', priority: 1 },
    { name: 'Error', type: 'string', jsonPath: '.status.failure.message', description: 'Why it stopped.', priority: 1 },
    AGE,
  ],
} as const satisfies Kind;
