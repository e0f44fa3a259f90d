import type { Connection } from '../contracts/provider.ts';
import { MigrationError } from '../model/errors.ts';
import { type Judgement, withCondition } from '../resources/conditions.ts';
import type { ProviderStatus } from '../resources/provider.ts';
import { named, PROVIDER_KIND, type ProviderResource, type Services } from './services.ts';
import type { Sources } from './sources.ts';

/** Milliseconds. */
const COUNT_EVERY = 60_000;
const LOOK_EVERY = 1000;

/** Keeps the status of a Provider true: does it answer, and what does it hold? */
export class ProviderController {
  readonly #services: Services;
  readonly #sources: Sources;

  constructor(services: Services, sources: Sources) {
    this.#services = services;
    this.#sources = sources;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<{ readonly again: number } | undefined> {
    const provider = this.#services.providers.get(key);
    if (provider === undefined || provider.deleting) return undefined;
    try {
      const connection = await this.#sources.connection(provider);
      if (connection === undefined) {
        await this.#save(
          provider,
          { type: 'Ready', status: 'Unknown', reason: 'Reading', message: 'A worker reads the files.' },
          {},
          signal,
        );
        return { again: LOOK_EVERY };
      }
      const inventory = await this.#count(connection, signal);
      const message = provider.spec.insecure ? 'It answers; its certificate is not checked.' : 'It answers.';
      await this.#save(provider, { type: 'Ready', status: 'True', reason: 'Connected', message }, { inventory }, signal);
      return { again: COUNT_EVERY };
    } catch (error) {
      if (signal.aborted || !(error instanceof MigrationError)) throw error;
      await this.#sources.forget(provider.uid);
      const { code, message, hint } = error;
      const judgement: Judgement = {
        type: 'Ready',
        status: 'False',
        reason: reasonOf(code),
        message: `${message} ${hint}`.trim(),
      };
      await this.#save(provider, judgement, {}, signal);
      return { again: COUNT_EVERY };
    }
  }

  async #count(connection: Connection, signal: AbortSignal): Promise<NonNullable<ProviderStatus['inventory']>> {
    let vms = 0;
    for await (const _ of connection.vms(signal)) vms += 1;
    const { hosts, networks, storages } = await connection.surroundings(signal);
    const readAt = new Date(this.#services.clock.now()).toISOString();
    return { vms, hosts: hosts.length, networks: networks.length, storages: storages.length, readAt };
  }

  async #save(provider: ProviderResource, judgement: Judgement, status: ProviderStatus, signal: AbortSignal): Promise<void> {
    const at = new Date(this.#services.clock.now()).toISOString();
    const { generation, status: known } = provider;
    const conditions = withCondition(known?.conditions, judgement, { at, generation });
    await this.#services.providers.saveStatus(
      named(PROVIDER_KIND, provider),
      { ...known, ...status, observedGeneration: generation, conditions },
      signal,
    );
  }
}

/** `source-login-failed` → `SourceLoginFailed`, as conditions write it. */
export function reasonOf(code: string): string {
  return code.replaceAll(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}
