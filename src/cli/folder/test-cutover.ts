/** `kubeferry test-cutover DIR`: machines over what is copied until now, which stays as it is meanwhile. */
import path from 'node:path';
import type { FolderMigration, FolderVm } from '../../contracts/folder-migration.ts';
import type { FolderTests, TestGuest, TestStage } from '../../contracts/folder-tests.ts';
import { MigrationError } from '../../model/errors.ts';
import { isMigrated, type Phase } from '../../model/phase.ts';
import { HELD_BY_TEST } from '../../model/precopy.ts';
import { printable } from '../../report/columns.ts';
import { testScript } from '../../report/test-machine.ts';
import type { CommandContext } from '../context.ts';
import { selectFolderVms } from './select.ts';

export interface FolderTestOptions {
  readonly migration: FolderMigration;
  readonly words: readonly string[];
  /** Wait as long as something is copied. */
  readonly wait: boolean;
}

/** Milliseconds between two looks at a VM. */
const LOOK_EVERY = 200;
/** Milliseconds within which a process that migrates hears that a target must not change. */
const HEARD_WITHIN = 15_000;

/** @throws MigrationError `usage` for a VM that is copied at the moment, `tool-missing` and those of the folder */
export async function testInFolder(options: FolderTestOptions, context: CommandContext): Promise<void> {
  const { migration, words } = options;
  const { terminal, services } = context;
  const tests = services.openTests(migration.folder);
  const chosen = selectFolderVms(await migration.vms(), words, migration.folder);
  const held = await tests.held();
  const refused = chosen.flatMap((vm) => refusalOf(vm, held) ?? []);
  if (refused.length > 0) throw new MigrationError('usage', refused.join('\n'), { hint: 'Nothing was changed.' });
  for (const vm of chosen) {
    const script = await begin(vm, tests, options, context);
    terminal.err(
      `${printable(`${vm.name}: its target stands still until \`kubeferry test-cutover --end\`. Start the test with:`)}\n`,
    );
    terminal.out(`${printable(script)}\n`);
  }
}

export async function endInFolder(options: FolderTestOptions, context: CommandContext): Promise<void> {
  const { migration, words } = options;
  const { services, terminal } = context;
  const tests = services.openTests(migration.folder);
  const held = await tests.held();
  const chosen = selectFolderVms(await migration.vms(), words, migration.folder).filter(({ target }) => held.has(target));
  if (chosen.length === 0) return terminal.err('No test is there to end.\n');
  for (const vm of chosen) {
    // The overlay first: nobody may use it once its target changes.
    await tests.clear(vm.target);
    await tests.release(vm.target);
    await goesOn(vm, options, context);
    terminal.err(`${printable(`${vm.name}: its test is removed, and its migration goes on.`)}\n`);
  }
}

/** Until whoever migrates has heard of it: the next test must not take an old word for a new one. */
async function goesOn(
  { target }: FolderVm,
  { migration }: FolderTestOptions,
  { services, signal }: CommandContext,
): Promise<void> {
  const { clock } = services;
  const heardBy = clock.now() + HEARD_WITHIN;
  while (clock.now() < heardBy && (await migration.worker()) !== undefined) {
    const { progress } = (await migration.vms()).find((vm) => vm.target === target) ?? {};
    if (progress?.outlook?.because !== HELD_BY_TEST) return;
    await clock.sleep(LOOK_EVERY, signal);
  }
}

async function begin(vm: FolderVm, tests: FolderTests, options: FolderTestOptions, context: CommandContext): Promise<string> {
  const { services, signal } = context;
  const { target } = vm;
  await tests.hold(target);
  try {
    const phase = await standsStill(vm, options, context);
    const { guest, ...stage } = await tests.stage(target);
    const { machine, folder, disks } = stage;
    const isDone = guest === undefined || isMigrated(phase);
    const converted = isDone ? new Map<string, string>() : await convertAside(vm.name, { ...stage, guest }, context);
    const files = disks.map(({ claim, overlay }) => ({ claim, file: converted.get(claim) ?? overlay }));
    for (const { base, claim, overlay } of disks) if (!converted.has(claim)) await services.makeOverlay(base, overlay, signal);
    const script = path.join(folder, 'start.sh');
    await tests.writeProgram(script, testScript(vm.name, machine, files));
    return script;
  } catch (error) {
    await tests.clear(target);
    await tests.release(target);
    throw error;
  }
}

/** What the cutover will do to the guest is done to overlays. @returns the overlay of each claim @throws MigrationError why the cutover could not do it */
async function convertAside(
  name: string,
  { folder, disks, guest }: TestStage & { readonly guest: TestGuest },
  { services, terminal, signal }: CommandContext,
): Promise<ReadonlyMap<string, string>> {
  const bases = new Map(disks.map(({ claim, base }) => [claim, base]));
  const ours = guest.disks.flatMap(({ key, claim }) => {
    const base = bases.get(claim);
    return base === undefined ? [] : [{ key, claim, path: base }];
  });
  const tell = (text: string): void => terminal.err(`${printable(`${name}: ${text}`)}\n`);
  tell(guest.policy === 'skip' ? 'it is looked whether its guest is ready' : 'its guest is converted, as at the cutover');
  const request = { ...guest.request, copy: 'test', disks: ours.map(({ key, path: base }) => ({ key, path: base })) };
  const workspace = path.join(folder, 'conversion');
  const { overlays, warnings, ...trial } = await services.tryGuest(request, guest, { workspace, signal, onProgress: tell });
  for (const warning of warnings) tell(`warning: ${warning}`);
  const took = Math.round(trial.seconds.reduce((sum, { seconds }) => sum + seconds, 0));
  const done = guest.policy === 'skip' ? 'is ready' : `was converted by ${trial.converter ?? 'the converter'}`;
  tell(`${trial.guest ?? 'its guest'} ${done}: ${took} s`);
  return new Map(ours.flatMap(({ key, claim }) => (overlays[key] === undefined ? [] : [[claim, overlays[key]] as const])));
}

/**
 * Until nothing can change the target: whoever migrates has said so, or nobody does and it is between two passes.
 * @returns its phase
 * @throws MigrationError `usage`
 */
async function standsStill(
  vm: FolderVm,
  { migration, wait }: FolderTestOptions,
  { services, signal }: CommandContext,
): Promise<Phase | undefined> {
  const { clock } = services;
  const heardBy = clock.now() + HEARD_WITHIN;
  for (;;) {
    // A process that is started after this look has seen before it begins that the target is held.
    const worker = await migration.worker();
    const progress = (await migration.vms()).find(({ target }) => target === vm.target)?.progress;
    const phase = progress?.phase;
    if (isMigrated(phase)) return phase;
    const isBetween = phase === 'AwaitPrecopy' || phase === 'AwaitCutover';
    if (isBetween && (worker === undefined || progress?.outlook?.because === HELD_BY_TEST)) return phase;
    if (worker === undefined)
      throw new MigrationError('usage', `${vm.name} stopped in ${phase}: its target is no whole disk.`, GO_ON);
    if (!wait && (!isBetween || clock.now() > heardBy))
      throw new MigrationError('usage', `${vm.name} is copied at the moment: it is in ${phase}.`, {
        hint: 'Say --wait to wait for the end of the pass.',
      });
    await clock.sleep(LOOK_EVERY, signal);
  }
}

const GO_ON = { hint: 'Run `kubeferry migrate` again with --resume, and test it when the pass has ended.' };

function refusalOf({ name, target, group, progress }: FolderVm, held: ReadonlySet<string>): string | undefined {
  if (held.has(target)) return `${name} is tested already; end that test first with --end.`;
  if (progress === undefined) return `${name} has not begun: nothing of it is copied.`;
  if (isMigrated(progress.phase)) return undefined;
  if (progress.type === 'cold') return `${name} is cold: it can be tested when it is complete.`;
  if (progress.failure !== undefined) return `${name} has failed in ${progress.failure.phase}: its target may be no whole disk.`;
  if (progress.warm?.passes.length === 0) return `${name} is copied for the first time: there is no whole disk yet.`;
  if (group !== undefined && progress.phase === 'AwaitCutover') return `${name} is about to be cut over with its group.`;
  return undefined;
}
