/**
 * One machine of the cluster, watched until it is sure whether its guest came up. Each look asks the cluster and draws its conclusion; in between
 * nothing goes on, so that whoever looks decides how often, and a look after a restart comes to the same.
 */
import type { Clock } from '../../contracts/clock.ts';
import type { BootEvidence, BootSign, BootTrouble } from '../../model/boot-proof.ts';
import type { KubeClient } from '../client/kube-client.ts';
import { MACHINE_INSTANCES, VIRTUAL_MACHINES } from '../kinds.ts';
import { complaintOf } from './complaints.ts';
import { type InstanceSight, instanceSight, type MachineSight, machineSight } from './machine-sight.ts';

/**
 * What is known of a guest agent in the guest. `present`: the guest counts as up only when it answers. `announced`: it is installed when
 * the guest starts for the first time, if that can reach its packages. `unknown`: nobody said anything.
 */
export type AgentHope = 'present' | 'announced' | 'unknown';

/** Questions to the guest, asked by somebody else while it is watched. */
export interface Questions {
  /** @throws MigrationError where nobody can ask */
  ask(instance: InstanceSight, signal: AbortSignal): Promise<void>;
  /** What was answered, in sentences. */
  readonly answers: readonly string[];
  /** Why the others were not, a sentence each; empty when all were. */
  readonly open: readonly string[];
}

export interface MachineWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly machine: { readonly namespace: string; readonly name: string };
  readonly agent: AgentHope;
  readonly questions?: Questions;
  /** Whether more is to be waited for of a guest that is up: addresses that its agent has not told yet. */
  readonly awaits?: (instance: InstanceSight) => boolean;
  /** When it was told to run, in milliseconds of the clock. */
  readonly since: number;
  readonly deadlineSeconds: number;
}

export interface Verdict {
  readonly evidence: readonly BootEvidence[];
  readonly trouble?: BootTrouble;
  readonly seconds: number;
  /** As it was seen last; absent where there was none. */
  readonly instance?: InstanceSight;
  /** It ran with nothing but KubeVirt's word for it. */
  readonly silent: boolean;
}

/** `doing` is for people; `obstacle` follows "waiting for". */
export type Look =
  | { readonly kind: 'open'; readonly doing: string; readonly obstacle?: string }
  | { readonly kind: 'over'; readonly verdict: Verdict };

/**
 * Seconds from the start until a guest has to be up where the plan says nothing: a node that has neither the image of virt-launcher nor the volumes needs
 * two to four minutes for both, and a Windows that installs drivers restarts once or twice in as many. The source is off meanwhile.
 */
export const DEADLINE_SECONDS = 600;
/** An agent that nobody announced is waited for so long: a Debian 12 on KVM has it 15 s after its start, a Windows server within a minute. */
const UNKNOWN_AGENT_MS = 60_000;
/** One that is installed by the first start. */
const ANNOUNCED_AGENT_MS = 180_000;
/** An agent tells addresses some seconds after it is connected: KubeVirt asks it every 10 to 30 s. */
const ADDRESSES_MS = 45_000;
const LONGEST = 200;

export class MachineWatch {
  readonly #options: MachineWatchOptions;
  readonly #evidence: BootEvidence[] = [];
  readonly #ended = new Set<string>();
  #standing: { readonly text: string; readonly code: string; readonly since: number } | undefined;
  /** When this very instance was seen to run first. */
  #running: { readonly uid: string; readonly since: number } | undefined;
  #up: number | undefined;
  #seen: InstanceSight | undefined;

  constructor(options: MachineWatchOptions) {
    this.#options = options;
  }

  /** @throws MigrationError of the cluster, and where nobody can ask the guest */
  async look(signal: AbortSignal): Promise<Look> {
    const { client, clock, machine: ref, since, deadlineSeconds } = this.#options;
    const found = await client.get(MACHINE_INSTANCES, ref, { signal });
    const instance = found && instanceSight(found);
    if (instance !== undefined) this.#seen = instance;
    if (instance?.phase === 'Failed' || instance?.phase === 'Succeeded') this.#ended.add(instance.uid);
    const machine = instance?.phase === 'Running' ? undefined : await this.#machine(signal);
    const now = clock.now();
    const isLate = now >= since + deadlineSeconds * 1000;
    const complaint = complaintOf({ ended: this.#ended.size, ...(instance && { instance }), ...(machine && { machine }) });
    if (complaint !== undefined) {
      if (this.#standing?.code !== complaint.code) this.#standing = { ...complaint, since: now };
      const { patience = Number.POSITIVE_INFINITY, ...trouble } = complaint;
      if (isLate || now - this.#standing.since >= patience) return this.#over(trouble);
      return { kind: 'open', doing: 'The VM starts', obstacle: trouble.text };
    }
    this.#standing = undefined;
    if (instance?.phase !== 'Running') {
      const word = instance?.phase ?? (machine === undefined || machine === 'gone' ? 'Stopped' : machine.status);
      if (isLate) return this.#over({ code: 'not-running', text: `It did not run within ${deadlineSeconds} s: it is ${word}.` });
      return { kind: 'open', doing: `The VM starts: ${word}` };
    }
    return await this.#lookAtGuest(instance, { now, isLate }, signal);
  }

  async #machine(signal: AbortSignal): Promise<MachineSight | 'gone'> {
    const found = await this.#options.client.get(VIRTUAL_MACHINES, this.#options.machine, { signal });
    return found === undefined ? 'gone' : machineSight(found);
  }

  async #lookAtGuest(
    instance: InstanceSight,
    { now, isLate }: { readonly now: number; readonly isLate: boolean },
    signal: AbortSignal,
  ): Promise<Look> {
    const { questions, agent: hope, awaits, deadlineSeconds } = this.#options;
    if (this.#running?.uid !== instance.uid) {
      this.#running = { uid: instance.uid, since: now };
      this.#up = undefined;
    }
    const running = now - this.#running.since;
    if (instance.agent !== undefined) this.#note('guest-agent', `The guest agent answers: ${instance.agent}`);
    await questions?.ask(instance, signal);
    for (const answer of questions?.answers ?? []) this.#note('probe', answer);
    const open = questions?.open ?? [];
    const hoped = hope === 'announced' ? ANNOUNCED_AGENT_MS : UNKNOWN_AGENT_MS;
    const answered = (questions?.answers.length ?? 0) > 0;
    const isUp = open.length === 0 && (instance.agent !== undefined || (hope !== 'present' && (answered || running >= hoped)));
    if (isUp) {
      this.#up ??= now;
      const waits = instance.agent !== undefined && awaits?.(instance) === true && now - this.#up < ADDRESSES_MS;
      if (!waits || isLate) return this.#over(undefined);
      return { kind: 'open', doing: 'The guest came up; its addresses are waited for' };
    }
    if (!isLate) return { kind: 'open', doing: doing(instance, open) };
    if (open.length > 0)
      return this.#over({ code: 'probe-failed', text: `It runs, and does not answer: ${open.join('; ')}`.slice(0, 400) });
    const agentMissing = `It runs, and in ${deadlineSeconds} s its guest agent, which is installed, did not answer.`;
    const tooShort = `When ${deadlineSeconds} s were over it had run for ${Math.round(running / 1000)} s only, without a sign of its guest.`;
    return this.#over({ code: 'no-sign', text: hope === 'present' ? agentMissing : tooShort });
  }

  #note(kind: BootSign, text: string): void {
    const cut = text.slice(0, LONGEST);
    if (this.#evidence.some((each) => each.kind === kind && (kind !== 'probe' || each.text === cut))) return;
    this.#evidence.push({ kind, text: cut, seconds: this.#seconds() });
  }

  #over(trouble: BootTrouble | undefined): Look {
    const silent = trouble === undefined && this.#evidence.length === 0;
    const node = this.#seen?.node;
    if (silent) this.#note('running', `KubeVirt runs it${node === undefined ? '' : ` on ${node}`}`);
    const verdict = { evidence: this.#evidence, seconds: this.#seconds(), silent, ...(trouble && { trouble }) };
    return { kind: 'over', verdict: { ...verdict, ...(this.#seen && { instance: this.#seen }) } };
  }

  #seconds(): number {
    const { clock, since } = this.#options;
    return Math.max(0, Math.round((clock.now() - since) / 100) / 10);
  }
}

function doing({ agent, node }: InstanceSight, open: readonly string[]): string {
  const where = node === undefined ? '' : ` on ${node}`;
  if (open.length > 0) return `The VM runs${where} and does not answer yet: ${open.join('; ')}`;
  return agent === undefined ? `The VM runs${where}; its guest agent is waited for` : `The VM runs${where}`;
}
