/**
 * Probes of a guest in the cluster, asked by a worker in the guest's namespace: what it may reach there is what others may reach, and neither the
 * addresses that a guest gives itself nor the patterns of a plan come near the operator. The worker asks with the very code of the proof on one machine.
 */
import type { ResourceName } from '../../contracts/resources.ts';
import type { NetworkProbe } from '../../contracts/worker-order.ts';
import { MigrationError } from '../../model/errors.ts';
import type { StaticNic } from '../../model/static-addresses.ts';
import { listAt, numberAt, textAt } from '../facts/json.ts';
import type { JobRef } from '../jobs/job-watch.ts';
import { type WorkerJobs, workerName } from '../jobs/worker-jobs.ts';
import type { InstanceSight, NicSight } from './machine-sight.ts';
import type { Questions } from './machine-watch.ts';

export interface GuestQuestionsOptions {
  readonly jobs: WorkerJobs;
  readonly owner: ResourceName;
  /** Where the VM is. */
  readonly namespace: string;
  readonly probes: readonly NetworkProbe[];
  /** Networks of the VM that are its pod network, by name. */
  readonly podNetworks: ReadonlySet<string>;
  /** Addresses that the guest has written down: where it is asked on other networks while it names none itself. */
  readonly known: readonly StaticNic[];
  /** Tells the workers of this proof from those of others. */
  readonly of: string;
  /** What a worker asks at most, in seconds. */
  readonly seconds: number;
}

interface Asking {
  readonly ref: JobRef;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export class GuestQuestions implements Questions {
  readonly #options: GuestQuestionsOptions;
  readonly #answers = new Map<number, string>();
  readonly #refusals = new Map<number, string>();
  #asking: Asking | undefined;
  #obstacle: string | undefined;
  #failure: unknown;

  constructor(options: GuestQuestionsOptions) {
    this.#options = options;
  }

  get answers(): readonly string[] {
    return [...this.#answers.values()];
  }

  get open(): readonly string[] {
    return this.#options.probes.flatMap(({ kind, port }, index) => {
      if (this.#answers.has(index)) return [];
      const why = this.#obstacle ?? this.#refusals.get(index) ?? 'no answer';
      return [`${kind} ${port}: ${why}`];
    });
  }

  /** Another address, or another instance, is asked anew: it is another boot. */
  async ask(instance: InstanceSight, signal: AbortSignal): Promise<void> {
    const { jobs, owner, namespace, probes, of, seconds } = this.#options;
    if (this.#failure !== undefined) throw this.#failure;
    const asked = probes.flatMap((probe, index) => {
      const host = this.#hostOf(probe, instance.nics);
      if (host === undefined) this.#refusals.set(index, 'nobody knows an address of the guest there');
      return host === undefined ? [] : [{ index, host, probe }];
    });
    if (asked.length === 0) return;
    const hosts = asked.map(({ host }) => host).join(' ');
    const ref = { namespace, name: workerName(owner, `probe ${of} ${instance.uid} ${hosts}`) };
    if (this.#asking?.ref.name === ref.name) return;
    await this.end();
    this.#answers.clear();
    const order = { kind: 'probe', asked, seconds } as const;
    if ((await jobs.look(ref, signal)).kind === 'none') await jobs.start({ ...ref, owner, order }, signal);
    const stop = new AbortController();
    this.#asking = { ref, stop, done: this.#listen(ref, AbortSignal.any([stop.signal, signal])) };
  }

  /** Ends its worker. Without it the worker goes on, and whoever asks the same again finds it. */
  async end(): Promise<void> {
    const asking = this.#asking;
    this.#asking = undefined;
    if (asking === undefined) return;
    asking.stop.abort();
    await asking.done;
    await this.#options.jobs.remove(asking.ref);
  }

  async #listen(ref: JobRef, signal: AbortSignal): Promise<void> {
    const { jobs } = this.#options;
    const onLine = (line: unknown): void => this.#hear(line);
    const onObstacle = (because: string | undefined): void => {
      this.#obstacle = because && `the worker that asks waits for ${because}`;
    };
    try {
      this.#hear(await jobs.wait(ref, { onLine, onObstacle }, signal));
    } catch (error) {
      if (signal.aborted) return;
      // Somebody deleted its Job: the next look makes another.
      if (error instanceof MigrationError && error.code === 'cluster-object-missing') this.#asking = undefined;
      else this.#failure = error;
    }
  }

  #hear(told: unknown): void {
    for (const one of listAt(told, 'probes')) {
      const index = numberAt(one, 'index') ?? -1;
      const [answer, refusal] = [textAt(one, 'answer'), textAt(one, 'refusal')];
      if (answer !== undefined) this.#answers.set(index, answer);
      if (refusal !== undefined) this.#refusals.set(index, refusal);
    }
  }

  /**
   * Of the NIC that the probe names, else on the pod network, else the first that is known. What a NIC is seen to have goes before what is written down
   * for it, which is good on other networks than the pod's only.
   */
  #hostOf({ mac }: NetworkProbe, nics: readonly NicSight[]): string | undefined {
    const { podNetworks, known } = this.#options;
    const addressOf = (nic: NicSight | undefined): string | undefined => {
      if (nic === undefined || nic.addresses.length > 0 || podNetworks.has(nic.network)) return nic?.addresses[0];
      return known.find((each) => each.mac === nic.mac)?.addresses[0]?.address;
    };
    if (mac !== undefined) return addressOf(nics.find((nic) => nic.mac === mac.toLowerCase()));
    const pod = nics.find(({ network }) => podNetworks.has(network));
    const seen = nics.find(({ addresses }) => addresses.length > 0);
    return addressOf(pod ?? seen ?? nics.find((nic) => addressOf(nic) !== undefined));
  }
}
