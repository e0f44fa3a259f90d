/**
 * What warm migrations rest on, tried on one VM that the user names: a recovery checkpoint is made, the frozen disks are read, the checkpoint becomes a
 * reference point, a second one is asked what changed, and all of it is taken back. None of this is proven on a real host yet: these are the
 * questions, and the doctor is who asks them.
 */
import type { Check, Checkpoints, SourceSnapshot } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { formatBytes } from '../../src/model/units.ts';
import type { SourceVm } from '../../src/model/vm.ts';
import { attempt } from '../../src/net/check.ts';
import type { Patient, SeenVm } from './diagnose-migration.ts';

/** Ours alone: a migration gives its checkpoints other names, and both leave those of others alone. */
const NAMES = ['kubeferry-doctor-1', 'kubeferry-doctor-2'] as const;
/** Milliseconds that taking back may last, also when the doctor is stopped. */
const TAKE_BACK_MS = 300_000;

export async function* tryCheckpoint(patient: Patient, seen: readonly SeenVm[], signal: AbortSignal): AsyncGenerator<Check> {
  const wanted = patient.options.tryCheckpoint;
  const found = seen.filter(({ vm: { ref } }) => ref.id === wanted || ref.name === wanted);
  const [first, second] = found;
  if (first === undefined || second !== undefined) {
    const finding = first === undefined ? `there is no VM ${wanted}` : `${found.length} VMs have the name ${wanted}`;
    yield { id: 'checkpoint', label: 'Checkpoint', outcome: 'failed', finding, todo: 'Name one VM, or its id.' };
    return;
  }
  yield* new Trial(patient, first.vm).run(signal);
}

class Trial {
  readonly #patient: Patient;
  readonly #vm: SourceVm;
  #first: SourceSnapshot | undefined;
  #counted: Checkpoints | undefined;
  #isClean = false;

  constructor(patient: Patient, vm: SourceVm) {
    this.#patient = patient;
    this.#vm = vm;
  }

  async *run(signal: AbortSignal): AsyncGenerator<Check> {
    const steps = [
      () => attempt(this.#about('checkpoint', 'Checkpoint'), signal, () => this.#freeze(signal)),
      () => attempt(this.#about('frozen', 'Frozen disks'), signal, () => this.#read(signal)),
      () => attempt(this.#about('reference-point', 'Reference point'), signal, () => this.#settle(signal)),
      () => attempt(this.#about('changes', 'Changes'), signal, () => this.#ask(signal)),
    ];
    try {
      for (const step of steps) {
        const check = await step();
        yield check;
        if (check.outcome === 'failed') break;
      }
      yield await attempt(this.#about('taken-back', 'Taking back'), signal, async () => {
        await this.#takeBack();
        return 'no checkpoint and no reference point of ours is left';
      });
    } finally {
      // Whoever asks for no further check, or is stopped, leaves nothing behind either.
      if (!this.#isClean) await this.#takeBack().catch(() => undefined);
    }
  }

  #about(id: string, label: string): { readonly id: string; readonly label: string } {
    return { id, label: `${label} of ${this.#vm.name} (experimental)` };
  }

  async #freeze(signal: AbortSignal): Promise<string> {
    this.#first = await this.#make(NAMES[0], signal);
    const { consistency, because } = this.#first;
    return `made, consistent as of ${consistency === 'filesystem' ? 'its file systems' : 'a crash'}${because ? `: ${because}` : ''}`;
  }

  /** As a warm migration reads them while the VM goes on. */
  async #read(signal: AbortSignal): Promise<string> {
    const { connection, options } = this.#patient;
    const { access } = connection;
    const told: string[] = [];
    for (const { key } of this.#vm.disks) {
      const source = await connection.openDisk(this.#vm.ref, key, signal, this.#first?.id);
      if (options.look !== undefined && access !== undefined) told.push(`${key}: ${await options.look(source, access, signal)}`);
    }
    return told.length === 0 ? 'no disk was opened here' : told.join('; ');
  }

  async #settle(signal: AbortSignal): Promise<string> {
    const { snapshots } = this.#patient.connection;
    if (this.#first === undefined || snapshots?.settle === undefined) throw missing();
    this.#counted = await snapshots.settle(this.#vm.ref, { id: this.#first.id, name: NAMES[0] }, signal);
    const keys = Object.keys(this.#counted ?? {});
    if (keys.length > 0) return `the host counts changes of ${keys.join(', ')}`;
    throw new MigrationError('change-tracking-unavailable', 'The host counts changes of no disk of it');
  }

  async #ask(signal: AbortSignal): Promise<string> {
    const { changes } = this.#patient.connection;
    if (changes === undefined) throw missing();
    const { id: snapshot } = await this.#make(NAMES[1], signal);
    const told: string[] = [];
    for (const [disk, checkpoint] of Object.entries(this.#counted ?? {})) {
      let bytes = 0;
      const request = { vm: this.#vm.ref, disk, snapshot, since: { checkpoint } };
      for await (const { length } of changes.changed(request, signal)) bytes += length;
      told.push(`${disk}: ${formatBytes(bytes)}`);
    }
    return `since then, ${told.join(', ')}`;
  }

  async #make(name: string, signal: AbortSignal): Promise<SourceSnapshot> {
    const { snapshots } = this.#patient.connection;
    if (snapshots === undefined) throw missing();
    return await snapshots.create(this.#vm.ref, { name, description: 'kubeferry doctor', quiesce: 'preferred' }, signal);
  }

  /** Looks instead of remembering: an answer may have been lost. */
  async #takeBack(): Promise<void> {
    const { snapshots, changes } = this.#patient.connection;
    const signal = AbortSignal.timeout(TAKE_BACK_MS);
    for (const name of NAMES) {
      const left = await snapshots?.find(this.#vm.ref, name, signal);
      if (left !== undefined) await snapshots?.remove(this.#vm.ref, left.id, signal);
    }
    await changes?.forget?.(this.#vm.ref, Object.values(this.#counted ?? {}), signal);
    this.#isClean = true;
  }
}

function missing(): Error {
  return new Error('a connection to Hyper-V has snapshots and changes');
}
