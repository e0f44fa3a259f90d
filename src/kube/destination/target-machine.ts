/**
 * The VirtualMachine of one migration, so that it never runs beside its source. It is made halted, and told to run by a second word that names
 * the state it was made in: whichever answer is lost and however late a request arrives, what was held back since does not start by it.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import { MigrationError } from '../../model/errors.ts';
import type { RunStrategy, VirtualMachine } from '../../model/manifest.ts';
import type { KubeClient, KubeObject } from '../client/kube-client.ts';
import { textAt } from '../facts/json.ts';
import { MACHINE_INSTANCES, VIRTUAL_MACHINES } from '../kinds.ts';
import { MADE_BY } from '../runtime/owners.ts';
import { ownObject } from './own-object.ts';

/** Annotation: why the VirtualMachine does not run yet, or no longer. No two moments write the same, and only who names it may start the VM. */
const HELD_BACK = 'kubeferry.dev/held-back';
const MADE = 'Made, and not told to run yet.';

/** Time for a look whether something was done although nobody said so. */
const LOOK_AGAIN_MS = 30_000;
/** A guest has 180 s to shut down where its manifest says nothing else (KubeVirt's terminationGracePeriodSeconds). */
const STOP_WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 1000;
/** KubeVirt starts a VM by what it was told last; it hears of a change long before this. */
const HEARD_AFTER_MS = 5000;
const OVER: readonly (string | undefined)[] = ['Succeeded', 'Failed'];

export interface TargetMachineOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly owner: ResourceName;
  readonly namespace: string;
  readonly name: string;
}

export class TargetMachine {
  readonly #options: TargetMachineOptions;

  constructor(options: TargetMachineOptions) {
    this.#options = options;
  }

  /** Undefined where there is none. @throws MigrationError `target-occupied` */
  async look(signal: AbortSignal): Promise<KubeObject | undefined> {
    return await ownObject(this.#options, VIRTUAL_MACHINES, this.#options.name, signal);
  }

  /** Makes it, halted; one that is to run is held back. */
  async make(manifest: VirtualMachine, runStrategy: RunStrategy, signal: AbortSignal): Promise<KubeObject> {
    try {
      return await this.#options.client.create(VIRTUAL_MACHINES, this.#asMade(manifest, runStrategy), { signal });
    } catch (error) {
      const found = await this.#lookLate();
      if (found === undefined) throw error;
      return found;
    }
  }

  /** What `make` would be told; nothing is made. @throws MigrationError what `make` would throw */
  async rehearse(manifest: VirtualMachine, runStrategy: RunStrategy, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    await client.create(VIRTUAL_MACHINES, this.#asMade(manifest, runStrategy), { dryRun: true, signal });
  }

  #asMade({ metadata, ...manifest }: VirtualMachine, runStrategy: RunStrategy): KubeObject {
    const { namespace, owner } = this.#options;
    const labels = { ...metadata.labels, [MADE_BY]: owner.uid };
    const annotations = { ...metadata.annotations, ...(runStrategy !== 'Halted' && { [HELD_BACK]: MADE }) };
    const spec = { ...manifest.spec, runStrategy: 'Halted' };
    return { ...manifest, metadata: { ...metadata, namespace, labels, annotations }, spec };
  }

  /** Lets one that is held back be as it is to be. @param found as it was seen: one that was held back anew since stays so */
  async release(found: KubeObject, runStrategy: RunStrategy, signal: AbortSignal): Promise<void> {
    const because = heldBack(found);
    if (because === undefined) return;
    const annotation = `/metadata/annotations/${HELD_BACK.replace('/', '~1')}`;
    const patch = [
      { op: 'test', path: '/metadata/uid', value: found.metadata.uid },
      { op: 'test', path: annotation, value: because },
      { op: 'remove', path: annotation },
      { op: 'add', path: '/spec/runStrategy', value: runStrategy },
    ];
    try {
      await this.#options.client.patch(VIRTUAL_MACHINES, this.#ref, patch, { signal });
    } catch (error) {
      // The answer may be lost: repeated, the patch finds nothing that is held back.
      const now = await this.#lookLate();
      if (now === undefined || now.metadata.uid !== found.metadata.uid || heldBack(now) !== undefined) throw error;
    }
  }

  /**
   * Halts it where it is there, keeps it, and waits until it surely does not run. One that was made by a request that is still under way does
   * not run by itself.
   * @throws MigrationError `target-not-stopped`, or what the cluster said that no waiting mends
   */
  async holdBack(because: string, signal: AbortSignal): Promise<'never-there' | 'stopped'> {
    const { clock, name } = this.#options;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(STOP_WITHIN_MS)]);
    try {
      const before = await this.#insist(() => this.#halt(`${new Date(clock.now()).toISOString()}: ${because}`, limit), limit);
      if (before === 'foreign') return 'never-there';
      // What was never told to run needs nobody to hear that it is not to.
      const neverRan = before === undefined || heldBack(before) === MADE;
      let quietFrom = neverRan ? Number.NEGATIVE_INFINITY : clock.now();
      for (;;) {
        if (await this.#insist(() => this.runs(limit), limit)) quietFrom = clock.now();
        else if (clock.now() - quietFrom >= HEARD_AFTER_MS) return before === undefined ? 'never-there' : 'stopped';
        await clock.sleep(LOOK_EVERY_MS, limit);
      }
    } catch (error) {
      if (!limit.aborted) throw error;
      const message = `Nobody can say for sure that the VM ${name} does not run in the cluster.`;
      throw new MigrationError('target-not-stopped', message, { vm: name, cause: error });
    }
  }

  /** Whether an instance of it runs, or is about to. */
  async runs(signal: AbortSignal): Promise<boolean> {
    const found = await this.#options.client.get(MACHINE_INSTANCES, this.#ref, { signal });
    return found !== undefined && !OVER.includes(textAt(found, 'status', 'phase'));
  }

  get #ref() {
    const { namespace, name } = this.#options;
    return { namespace, name };
  }

  /** As it was before; undefined where there is none. The text is another one each time, so that nothing of an earlier moment starts it. */
  async #halt(because: string, signal: AbortSignal): Promise<KubeObject | 'foreign' | undefined> {
    const found = await this.look(signal).catch((error: unknown) => {
      // Under the name of somebody else's VM there is none of ours.
      if (error instanceof MigrationError && error.code === 'target-occupied') return 'foreign' as const;
      throw error;
    });
    if (found === undefined || found === 'foreign') return found;
    const { resourceVersion } = found.metadata;
    const metadata = { resourceVersion, annotations: { [HELD_BACK]: because } };
    // Older VMs say whether they run by `running`, and never both.
    const spec = { runStrategy: 'Halted', running: null };
    await this.#options.client.patch(VIRTUAL_MACHINES, this.#ref, { metadata, spec }, { signal });
    return found;
  }

  /** Tries again what may come out otherwise later, until the limit. */
  async #insist<T>(work: () => Promise<T>, limit: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (limit.aborted || !(error instanceof MigrationError)) throw error;
        if (error.disposition === 'stalled' && error.code !== 'cluster-object-missing') throw error;
        await this.#options.clock.sleep(LOOK_EVERY_MS, limit);
      }
    }
  }

  /** Also after a cancellation. */
  async #lookLate(): Promise<KubeObject | undefined> {
    return await this.look(AbortSignal.timeout(LOOK_AGAIN_MS)).catch(() => undefined);
  }
}

/** Why it does not run yet, or no longer. */
export function heldBack(machine: KubeObject | undefined): string | undefined {
  return textAt(machine, 'metadata', 'annotations', HELD_BACK);
}
