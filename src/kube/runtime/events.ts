/**
 * Events (events.k8s.io/v1) about objects, for `kubectl describe` and `kubectl events`. The same event again and again becomes one with a count,
 * which is written now and then: an object in trouble must not flood the API server. Telling never fails whoever tells.
 */
import type { Clock } from '../../contracts/clock.ts';
import { MigrationError } from '../../model/errors.ts';
import type { KubeClient, KubeObject, ResourceType } from '../client/kube-client.ts';
import { microTime } from './micro-time.ts';

export interface EventText {
  readonly type: 'Normal' | 'Warning';
  /** One word for programs, why: `CopyFailed`. */
  readonly reason: string;
  /** One word for programs, what was done: `CopyDisks`. */
  readonly action: string;
  /** A sentence for people. */
  readonly note: string;
}

export interface EventsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  /** `kubeferry.dev/operator`. */
  readonly controller: string;
  /** Which of several processes: the pod's name. */
  readonly instance: string;
  /** Called when an event could not be written. */
  readonly onTrouble?: (error: unknown) => void;
}

const EVENT: ResourceType = { group: 'events.k8s.io', version: 'v1', kind: 'Event', plural: 'events' };
/** The API server's limit, in bytes. */
const MAX_NOTE = 1024;
/** Leaves room for what makes the name of an event unique. */
const MAX_NAME = 200;
/** A series is written once in so many milliseconds at most. */
const WRITE_EVERY = 30_000;
/** After so long without a repetition, the same event is a new one. The server keeps events for an hour. */
const SERIES_ENDS = 360_000;
const MAX_SERIES = 4096;

interface Series {
  readonly ref: { readonly namespace: string; readonly name: string };
  count: number;
  lastAt: number;
  writtenAt: number;
  /** How much of the count is written. */
  written: number;
}

export class EventRecorder {
  readonly #options: EventsOptions;
  /** By what makes events the same; the least recently repeated one first. */
  readonly #series = new Map<string, Series>();
  readonly #writes = new Set<Promise<void>>();

  constructor(options: EventsOptions) {
    this.#options = options;
  }

  /** Returns at once; what is written is written behind. */
  tell(about: KubeObject, text: EventText, signal: AbortSignal): void {
    const now = this.#options.clock.now();
    const { uid = '', namespace = 'default', name } = about.metadata;
    const key = JSON.stringify([uid, name, text.type, text.reason, text.action, text.note]);
    const known = this.#series.get(key);
    this.#series.delete(key);
    if (known !== undefined && now - known.lastAt < SERIES_ENDS) {
      known.count += 1;
      known.lastAt = now;
      this.#series.set(key, known);
      if (now - known.writtenAt >= WRITE_EVERY) this.#behind(this.#writeCount(known, signal));
      return;
    }
    const unique = `${now.toString(16)}${Math.floor(this.#options.random() * 2 ** 32).toString(16)}`;
    const ref = { namespace, name: `${name.slice(0, MAX_NAME).replace(/[-.]+$/, '')}.${unique}` };
    this.#series.set(key, { ref, count: 1, lastAt: now, writtenAt: now, written: 1 });
    for (const oldest of this.#series.keys()) {
      if (this.#series.size <= MAX_SERIES) break;
      this.#series.delete(oldest);
    }
    this.#behind(this.#create(ref, about, text, now, signal));
  }

  /** Writes the counts that are not written yet, and waits for all writes. */
  async flush(signal: AbortSignal): Promise<void> {
    for (const series of this.#series.values()) {
      if (series.count > series.written) this.#behind(this.#writeCount(series, signal));
    }
    await Promise.all(this.#writes);
  }

  async #create(ref: Series['ref'], about: KubeObject, text: EventText, now: number, signal: AbortSignal): Promise<void> {
    const { client, controller, instance } = this.#options;
    const { apiVersion, kind, metadata } = about;
    const { name, namespace, uid, resourceVersion } = metadata;
    const { type, reason, action, note } = text;
    const event = {
      metadata: ref,
      eventTime: microTime(now),
      type,
      reason,
      action,
      note: cut(note),
      regarding: { apiVersion, kind, name, namespace, uid, resourceVersion },
      reportingController: controller,
      reportingInstance: instance,
    };
    await client.create(EVENT, event, { signal });
  }

  async #writeCount(series: Series, signal: AbortSignal): Promise<void> {
    const { count, lastAt } = series;
    series.writtenAt = this.#options.clock.now();
    series.written = count;
    await this.#options.client.patch(EVENT, series.ref, { series: { count, lastObservedTime: microTime(lastAt) } }, { signal });
  }

  #behind(write: Promise<void>): void {
    const guarded = write
      .catch((error: unknown) => {
        // An event that the server has forgotten since needs no count.
        if (!(error instanceof MigrationError && error.code === 'cluster-object-missing')) this.#options.onTrouble?.(error);
      })
      .finally(() => this.#writes.delete(guarded));
    this.#writes.add(guarded);
  }
}

function cut(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE) return note;
  // A character that is cut in the middle becomes a replacement character.
  return `${bytes
    .subarray(0, MAX_NOTE - 3)
    .toString()
    .replace(/\uFFFD$/, '')}…`;
}
