/**
 * The boot proof of a VM in the cluster: it is the VM itself that is watched, after it was told to run. What KubeVirt says of its machine comes from its
 * instance, what the guest says from its agent, and what it serves from a worker that asks it.
 *
 *   machine-sight.ts (reads) ─► complaints.ts (what is wrong) ─► machine-watch.ts (when is it sure) ─► BootProof
 *
 * Not here: what a proof means for a migration (steps), and the console of the guest, which nobody reads.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { BootProver, GuestWork } from '../../contracts/guests.ts';
import type { ResourceName } from '../../contracts/resources.ts';
import type { NetworkProbe } from '../../contracts/worker-order.ts';
import type { BootProof } from '../../model/boot-proof.ts';
import type { GuestOutcome } from '../../model/conversion.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VmPlan, VmProgress } from '../../model/plan.ts';
import { type StaticNic, staticNics } from '../../model/static-addresses.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { machineOf } from '../destination/rehearsal.ts';
import type { WorkerJobs } from '../jobs/worker-jobs.ts';
import { addressDifferences, awaited } from './guest-addresses.ts';
import { GuestQuestions, type GuestQuestionsOptions } from './guest-questions.ts';
import { type AgentHope, DEADLINE_SECONDS, type Look, MachineWatch, type Verdict } from './machine-watch.ts';
import { keepPicture } from './picture.ts';
import { proofFrom } from './proof-from.ts';

export interface ClusterProverOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Workers that ask guests. */
  readonly jobs: WorkerJobs;
  readonly owner: ResourceName;
  /** Where its VM is. */
  readonly namespace: string;
}

const LOOK_EVERY_MS = 3000;
/** An API server that restarts at the end of the time is waited for: that nobody could look is no reason to stop a VM. */
const UNREACHABLE_MS = 300_000;

interface Asked {
  readonly questions: GuestQuestions;
  readonly until: number;
}

export class ClusterProver implements BootProver {
  readonly #options: ClusterProverOptions;

  constructor(options: ClusterProverOptions) {
    this.#options = options;
  }

  /** @throws MigrationError `config-invalid` for a script, which nobody could run beside a guest of the cluster */
  async check(plans: readonly VmPlan[]): Promise<void> {
    for (const { proof, vm } of plans) {
      if (proof?.probes.some(({ kind }) => kind === 'script') !== true) continue;
      throw new MigrationError('config-invalid', `A script cannot probe ${vm.name} in a cluster.`, {
        ...{ vm: vm.name, hint: 'Ask by tcp or http, or run your own checks in a hook after the cutover.' },
      });
    }
  }

  /** Goes on with the time that is left when it is called again: the beginning of the phase is when the VM was told to run. */
  async prove(plan: VmPlan, progress: VmProgress, work: GuestWork): Promise<BootProof | undefined> {
    const { client, clock, owner, namespace } = this.#options;
    const { runStrategy, manifest } = machineOf(plan);
    if (runStrategy === 'Halted' || runStrategy === 'Manual') return undefined;
    const { signal } = work;
    const machine = { namespace, name: plan.mapping.targetName };
    const deadlineSeconds = plan.proof?.deadlineSeconds ?? DEADLINE_SECONDS;
    const known = staticNics(plan.vm, progress.conversion);
    const questions = this.#questions(plan, known, { of: progress.since, seconds: deadlineSeconds });
    const since = Date.parse(progress.since);
    const watch = new MachineWatch({
      ...{ client, clock, machine, deadlineSeconds, questions, since },
      agent: hopeOf(progress.conversion),
      awaits: ({ nics }) => awaited(known, nics),
    });
    const verdict = await this.#untilSure(watch, work, { questions, until: since + deadlineSeconds * 1000 + UNREACHABLE_MS });
    const picture = await keepPicture(verdict, { client, machine, owner, of: 'vm' }, signal);
    const { instance } = verdict;
    const differences = instance === undefined ? [] : addressDifferences(known, manifest, instance.nics);
    return proofFrom(verdict, { picture, differences });
  }

  /** @param until milliseconds of the clock; a cluster that cannot be asked before is asked again */
  async #untilSure(
    watch: MachineWatch,
    { signal, onProgress, onWait }: GuestWork,
    { questions, until }: Asked,
  ): Promise<Verdict> {
    const { clock } = this.#options;
    let told: Extract<Look, { kind: 'open' }> | undefined;
    try {
      for (;;) {
        const look = await watch.look(signal).catch((error: unknown) => passing(error, { signal, mayLast: clock.now() < until }));
        if (look.kind === 'over') return look.verdict;
        if (look.doing !== told?.doing) onProgress(look.doing);
        if (look.obstacle !== told?.obstacle) onWait(look.obstacle);
        told = look;
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    } finally {
      if (told?.obstacle !== undefined) onWait(undefined);
      // Whoever goes on after this process finds the worker.
      if (!signal.aborted) await questions.end();
    }
  }

  #questions(plan: VmPlan, known: readonly StaticNic[], about: Pick<GuestQuestionsOptions, 'of' | 'seconds'>): GuestQuestions {
    const { networks } = machineOf(plan).manifest.spec.template.spec;
    const podNetworks = new Set(networks.filter((network) => 'pod' in network).map(({ name }) => name));
    const probes = (plan.proof?.probes ?? []).filter((probe): probe is NetworkProbe => probe.kind !== 'script');
    return new GuestQuestions({ ...this.#options, ...about, probes, podNetworks, known });
  }
}

/** By what was found and done. Of a guest that was only looked into nobody knows whether it starts its agent. */
export function hopeOf(conversion: Pick<GuestOutcome, 'changes' | 'agent' | 'policy'> | undefined): AgentHope {
  const { agent, policy } = conversion ?? {};
  if (agent === 'announced' || (agent === 'present' && policy === 'convert')) return agent;
  // virt-v2v tells of the one that it brings to Windows.
  const told = conversion?.changes.filter(({ what }) => /qemu[- ]guest[- ]agent/i.test(what)) ?? [];
  if (told.length === 0) return 'unknown';
  return told.some(({ what }) => /will be|first.?boot/i.test(what)) ? 'announced' : 'present';
}

/** The cluster may answer when it is asked again. @throws everything else */
function passing(error: unknown, { signal, mayLast }: { readonly signal: AbortSignal; readonly mayLast: boolean }): Look {
  if (signal.aborted || !mayLast || !(error instanceof MigrationError)) throw error;
  if (error.disposition === 'stalled' || !error.code.startsWith('cluster-')) throw error;
  return { kind: 'open', doing: 'The VM is looked at again as soon as the cluster answers', obstacle: error.message };
}
