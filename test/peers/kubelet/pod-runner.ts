/** Pods from their first sight to their end: one life each, with status written in order. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiServer, callApi } from '../kubernetes-api.ts';
import type { Container, Pod } from '../kubernetes-objects.ts';
import { environmentOf } from './environment.ts';
import type { Provisioner } from './provisioner.ts';
import { startSandbox } from './sandbox.ts';
import { type MountedVolume, mountVolumes, refreshFields } from './volumes.ts';

export interface PodRunnerOptions {
  readonly api: ApiServer;
  readonly folder: string;
  readonly images: Readonly<Record<string, readonly string[]>>;
  readonly provisioner: Provisioner;
}

interface Life {
  readonly pod: Pod;
  readonly stop: AbortController;
  readonly processes: Set<ChildProcess>;
  readonly done: Promise<void>;
  /** Its files say what was told of it last. */
  refreshed: Promise<void>;
}

/** How a container ended. */
interface End {
  readonly name: string;
  readonly image: string;
  readonly exitCode: number;
  readonly message: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

const POLL_MS = 200;
const MOST_LOG = 1024 * 1024;

export class PodRunner implements AsyncDisposable {
  readonly #options: PodRunnerOptions;
  readonly #lives = new Map<string, Life>();
  readonly #logs = new Map<string, string>();
  #failed = false;

  constructor(options: PodRunnerOptions) {
    this.#options = options;
  }

  /** Told of a Pod, new or changed. */
  see(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const life = this.#lives.get(uid);
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (life === undefined) void this.#forget(pod);
      else life.stop.abort();
      return;
    }
    const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (ended) return;
    if (life !== undefined) {
      const folder = this.#folderOf(pod);
      life.refreshed = life.refreshed.then(() => refreshFields(pod, folder)).catch(() => undefined);
      return;
    }
    const stop = new AbortController();
    const processes = new Set<ChildProcess>();
    const done = this.#live(pod, stop.signal, processes).catch((error: unknown) =>
      this.#report(pod, failed('KubeletBug', String(error))),
    );
    this.#lives.set(uid, { pod, stop, processes, done, refreshed: Promise.resolve() });
  }

  vanished({ metadata }: Pod): void {
    const life = this.#lives.get(metadata.uid ?? '');
    for (const child of life?.processes ?? []) end(child, 'SIGKILL');
  }

  kill(namespace: string, name: string): void {
    for (const { pod, processes } of this.#lives.values()) {
      if (pod.metadata.namespace !== namespace || pod.metadata.name !== name) continue;
      for (const child of processes) end(child, 'SIGKILL');
    }
  }

  /** The machine is gone: nothing of it goes on, and it tells nothing any more. */
  fail(): void {
    this.#failed = true;
    for (const { processes } of this.#lives.values()) for (const child of processes) end(child, 'SIGKILL');
  }

  logs(namespace: string, name: string): string {
    return this.#logs.get(`${namespace}/${name}`) ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop, processes } of this.#lives.values()) {
      stop.abort();
      for (const child of processes) end(child, 'SIGKILL');
    }
    await Promise.all([...this.#lives.values()].map(({ done }) => done));
  }

  #folderOf({ metadata }: Pod): string {
    return join(this.#options.folder, metadata.uid ?? metadata.name);
  }

  async #live(pod: Pod, stop: AbortSignal, processes: Set<ChildProcess>): Promise<void> {
    const folder = this.#folderOf(pod);
    await mkdir(folder, { recursive: true });
    const { initContainers = [], containers } = pod.spec;
    const unknown = [...initContainers, ...containers].find(({ image }) => this.#options.images[image] === undefined);
    if (unknown !== undefined) {
      await this.#report(pod, waiting(containers, 'ErrImagePull', `there is no image ${unknown.image}`));
      await aborted(stop);
      return await this.#forget(pod);
    }
    const volumes = await this.#patiently(stop, () => mountVolumes(pod, { ...this.#options, folder }));
    if (volumes === undefined) return await this.#forget(pod);
    const ends: End[] = [];
    for (const [index, stage] of [initContainers, containers].entries()) {
      if (index === 1) await this.#report(pod, running(containers));
      for (const batch of index === 0 ? stage.map((one) => [one]) : [stage]) {
        ends.push(
          ...(await Promise.all(batch.map((container) => this.#run(pod, container, { folder, volumes, stop, processes })))),
        );
      }
      if (ends.some(({ exitCode }) => exitCode !== 0)) break;
    }
    await this.#report(pod, finished(ends, containers));
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    await aborted(stop);
    await this.#forget(pod);
  }

  async #run(
    pod: Pod,
    container: Container,
    context: {
      readonly folder: string;
      readonly volumes: readonly MountedVolume[];
      readonly stop: AbortSignal;
      readonly processes: Set<ChildProcess>;
    },
  ): Promise<End> {
    const { stop, processes } = context;
    const startedAt = now();
    const env = await this.#patiently(stop, () => environmentOf(this.#options.api, pod, container));
    const folder = join(context.folder, container.name);
    const message = join(folder, 'termination-log');
    await mkdir(folder, { recursive: true });
    await writeFile(message, '');
    await chmod(message, 0o666);
    const security = { ...pod.spec.securityContext, ...container.securityContext };
    const place = (name: string) => context.volumes.find((volume) => volume.name === name)?.at.path ?? '';
    const child = await startSandbox({
      folder,
      argv: [...(container.command ?? this.#options.images[container.image] ?? []), ...(container.args ?? [])],
      env: env ?? {},
      workingDir: container.workingDir ?? '/',
      mounts: [
        ...(container.volumeMounts ?? []).map(({ name, mountPath, subPath = '', readOnly = false }) => ({
          source: join(place(name), subPath),
          target: mountPath,
          readOnly,
        })),
        { source: message, target: container.terminationMessagePath ?? '/dev/termination-log', readOnly: false },
      ],
      devices: (container.volumeDevices ?? []).map(({ name, devicePath }) => ({ source: place(name), target: devicePath })),
      user: security.runAsUser ?? 0,
      group: security.runAsGroup ?? security.runAsUser ?? 0,
      groups: security.fsGroup === undefined ? [] : [security.fsGroup],
    });
    processes.add(child);
    this.#keepLog(pod, child);
    const grace = (pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
    let killing: NodeJS.Timeout | undefined;
    const terminate = (): void => {
      child.kill('SIGTERM');
      killing = setTimeout(() => end(child, 'SIGKILL'), grace);
    };
    if (stop.aborted) terminate();
    stop.addEventListener('abort', terminate, { once: true });
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    stop.removeEventListener('abort', terminate);
    clearTimeout(killing);
    end(child, 'SIGKILL');
    processes.delete(child);
    const exitCode = code ?? (signal === 'SIGKILL' ? 137 : 143);
    const said = await readFile(message, 'utf8').catch(() => '');
    return { name: container.name, image: container.image, exitCode, message: said.slice(0, 4096), startedAt, finishedAt: now() };
  }

  #keepLog(pod: Pod, child: ChildProcess): void {
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const keep = (chunk: Buffer): void => {
      const log = this.#logs.get(key) ?? '';
      if (log.length < MOST_LOG) this.#logs.set(key, log + chunk.toString());
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
  }

  /** Asks until there is an answer, or the Pod is not wanted any more. */
  async #patiently<T>(stop: AbortSignal, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    while (!stop.aborted) {
      const answer = await ask();
      if (answer !== undefined) return answer;
      await sleep(POLL_MS);
    }
    return undefined;
  }

  async #report({ metadata }: Pod, status: object): Promise<void> {
    if (this.#failed) return;
    await callApi(this.#options.api, 'PATCH', `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}/status`, {
      status,
    });
  }

  /** The last word about a deleted Pod: nothing of it runs any more. */
  async #forget({ metadata }: Pod): Promise<void> {
    this.#lives.delete(metadata.uid ?? '');
    if (this.#failed) return;
    const preconditions = `gracePeriodSeconds=0`;
    await callApi(this.#options.api, 'DELETE', `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}?${preconditions}`);
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It is gone.
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function conditions(ready: boolean): readonly object[] {
  const status = ready ? 'True' : 'False';
  return ['Initialized', 'Ready', 'ContainersReady'].map((type) => ({ type, status, lastTransitionTime: now() }));
}

function running(containers: readonly Container[]): object {
  const startedAt = now();
  return {
    phase: 'Running',
    startTime: startedAt,
    podIP: '127.0.0.1',
    conditions: conditions(true),
    containerStatuses: containers.map(({ name, image }) => ({
      ...{ name, image, imageID: image, ready: true, started: true, restartCount: 0 },
      state: { running: { startedAt } },
    })),
  };
}

function waiting(containers: readonly Container[], reason: string, message: string): object {
  return {
    phase: 'Pending',
    containerStatuses: containers.map(({ name, image }) => ({
      ...{ name, image, imageID: '', ready: false, restartCount: 0 },
      state: { waiting: { reason, message } },
    })),
  };
}

function failed(reason: string, message: string): object {
  return { phase: 'Failed', reason, message };
}

function finished(ends: readonly End[], containers: readonly Container[]): object {
  const status = ({ name, image, ...terminated }: End): object => ({
    ...{ name, image, imageID: image, ready: false, started: false, restartCount: 0 },
    state: { terminated: { ...terminated, reason: terminated.exitCode === 0 ? 'Completed' : 'Error' } },
  });
  const main = new Set(containers.map(({ name }) => name));
  return {
    phase: ends.every(({ exitCode }) => exitCode === 0) ? 'Succeeded' : 'Failed',
    conditions: conditions(false),
    initContainerStatuses: ends.filter(({ name }) => !main.has(name)).map(status),
    containerStatuses: ends.filter(({ name }) => main.has(name)).map(status),
  };
}
