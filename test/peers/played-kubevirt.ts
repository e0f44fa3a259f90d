/**
 * Plays the part of KubeVirt's controllers for the VirtualMachines of one namespace: one that is to run gets an instance, which lives through a story that
 * the test wrote; one that is to stop loses it. It is what the objects say that is played, on a real API server that holds them to KubeVirt's own
 * definitions. What it does not prove: that KubeVirt writes these words in this order and this fast, that a launcher starts, that a guest boots, that
 * an agent answers. The words are those of KubeVirt 1.6 to 1.9 (printableStatus, conditions and interfaces in its API; virt-handler, virt-controller).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, callApi, watchApi } from './kubernetes-api.ts';
import type { KubernetesObject } from './kubernetes-objects.ts';

/** What happens next to an instance; `after` so many milliseconds, at once when absent. */
export interface Beat {
  readonly after?: number;
  /** Merged into the status of the instance. */
  readonly instance?: object;
  /** Merged into the status of its VirtualMachine. */
  readonly machine?: object;
  /** The API server does not take an instance: there is none. Only as the first beat. */
  readonly refused?: true;
}

export interface PlayedKubevirtOptions {
  readonly api: ApiServer;
  readonly namespace: string;
  /** What becomes of the instance of a VM. @param start which of its instances, from 0 */
  readonly story: (vm: string, start: number) => readonly Beat[];
}

interface Machine extends KubernetesObject {
  readonly spec: { readonly runStrategy?: string; readonly template: { readonly spec: object } };
}

interface Life {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

const RUNS = new Set(['Always', 'RerunOnFailure', 'Once']);
const OVER = new Set(['Failed', 'Succeeded']);
/** KubeVirt waits 10 s before the first restart; here nobody has so much time. */
const AGAIN_MS = 100;

export async function playKubevirt({ api, namespace, story }: PlayedKubevirtOptions): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const lives = new Map<string, Life>();
  const kubevirt = `/apis/kubevirt.io/v1/namespaces/${namespace}`;

  async function live(machine: Machine, signal: AbortSignal): Promise<void> {
    const { name, uid } = machine.metadata;
    for (let start = 0; !signal.aborted; start += 1) {
      const beats = story(name, start);
      if (beats[0]?.refused !== true) {
        const owner = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', name, uid, controller: true };
        await callApi(api, 'POST', `${kubevirt}/virtualmachineinstances`, {
          ...{ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance' },
          metadata: { name, ownerReferences: [owner] },
          spec: machine.spec.template.spec,
        });
      }
      let phase = '';
      for (const { after = 0, instance, machine: status } of beats) {
        await sleep(after, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) break;
        if (status !== undefined) await must('PATCH', `${kubevirt}/virtualmachines/${name}/status`, { status });
        if (instance !== undefined) await must('PATCH', `${kubevirt}/virtualmachineinstances/${name}`, { status: instance });
        if (instance !== undefined && 'phase' in instance) phase = String(instance.phase);
      }
      const again = OVER.has(phase) && machine.spec.runStrategy === 'Always' && !signal.aborted;
      await sleep(again ? AGAIN_MS : 2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
      await callApi(api, 'DELETE', `${kubevirt}/virtualmachineinstances/${name}`);
    }
  }

  /** What a definition refuses is a mistake of the test. */
  async function must(method: 'PATCH', path: string, body: object): Promise<void> {
    const { status, body: said } = await callApi(api, method, path, body);
    if (status >= 300 && status !== 404) throw new Error(`${path}: ${status} ${JSON.stringify(said)}`);
  }

  async function see(machine: Machine, isThere: boolean): Promise<void> {
    const { uid = '' } = machine.metadata;
    const known = lives.get(uid);
    const runs = isThere && RUNS.has(machine.spec.runStrategy ?? '');
    if (runs === (known !== undefined)) return;
    if (known === undefined) {
      const life = new AbortController();
      lives.set(uid, { stop: life, done: live(machine, life.signal) });
      return;
    }
    known.stop.abort();
    lives.delete(uid);
    await known.done;
  }

  const watching = (async () => {
    for await (const { type, object } of watchApi<Machine>(api, `${kubevirt}/virtualmachines`, stop.signal)) {
      await see(object, type !== 'DELETED');
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await watching;
      for (const { stop: end } of lives.values()) end.abort();
      await Promise.all([...lives.values()].map(({ done }) => done));
    },
  };
}

/** A condition as KubeVirt writes it. */
export function condition(type: string, status: 'True' | 'False', reason?: string, message?: string): object {
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return { type, status, lastProbeTime: null, lastTransitionTime: at, ...(reason && { reason }), ...(message && { message }) };
}

/** The first beats of a machine that runs. */
export const STARTS: readonly Beat[] = [
  { machine: { printableStatus: 'Starting' }, instance: { phase: 'Scheduling' } },
  { instance: { phase: 'Scheduled', nodeName: 'node-1' } },
  { machine: { printableStatus: 'Running' }, instance: { phase: 'Running', nodeName: 'node-1' } },
];
