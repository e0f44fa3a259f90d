import { isDeepStrictEqual } from 'node:util';
import { MigrationError } from '../model/errors.ts';
import { type Judgement, withCondition } from '../resources/conditions.ts';
import type { ProviderStatus } from '../resources/provider.ts';
import { named, PROVIDER_KIND, type ProviderResource, type Services } from './services.ts';
import type { Source, Sources } from './sources.ts';

/** Milliseconds between two looks: at one that is well, one that is not, and one that is being read. */
const WELL = 30_000;
const UNWELL = 5000;
const READING = 1000;
/** Milliseconds between two writes that say nothing but that it was seen. */
const SEEN_EVERY = 60_000;
/** Milliseconds between two readings of a source that does not tell its changes. */
const READ_EVERY = 60_000;

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
    if (provider === undefined) return undefined;
    if (provider.deleting) {
      this.#sources.forget(provider.uid);
      return undefined;
    }
    try {
      const source = await this.#sources.look(provider);
      if (source === undefined) return await this.#reading(provider, 'A worker reads the files.', signal);
      const found = await this.#ask(provider, source, signal);
      if (found === undefined) return await this.#reading(provider, 'The inventory is being read.', signal);
      await this.#save(provider, [ready(provider), WELL_AGAIN], { ...found, lastSeen: this.#now() }, signal);
      return { again: WELL };
    } catch (error) {
      if (signal.aborted || !(error instanceof MigrationError)) throw error;
      // Waiting does not heal it: a new login may.
      if (error.disposition === 'stalled') this.#sources.forget(provider.uid);
      await this.#save(provider, troubled(provider, error), {}, signal);
      return { again: UNWELL };
    }
  }

  /** Asks the source itself, because what tells changes heals in silence. Undefined before the inventory is whole. */
  async #ask(
    provider: ProviderResource,
    { connection, inventory }: Source,
    signal: AbortSignal,
  ): Promise<Pick<ProviderStatus, 'inventory'> | undefined> {
    const { clock } = this.#services;
    if (inventory.failure !== undefined) {
      // It tells no more: only a new one does.
      this.#sources.forget(provider.uid);
      throw inventory.failure;
    }
    const { hosts, networks, storages } = await connection.surroundings(signal);
    const { readAt } = inventory;
    if (readAt === undefined) return undefined;
    const tells = connection.watch !== undefined || connection.power === undefined;
    if (!tells && clock.now() - readAt >= READ_EVERY) await inventory.read(signal);
    const counts = { vms: inventory.size, hosts: hosts.length, networks: networks.length, storages: storages.length };
    return { inventory: { ...counts, readAt: new Date(inventory.readAt ?? readAt).toISOString() } };
  }

  async #reading(provider: ProviderResource, message: string, signal: AbortSignal): Promise<{ readonly again: number }> {
    await this.#save(provider, [{ type: 'Ready', status: 'Unknown', reason: 'Reading', message }], {}, signal);
    return { again: READING };
  }

  async #save(provider: ProviderResource, judgements: readonly Judgement[], found: ProviderStatus, signal: AbortSignal) {
    const { generation, status: known = {} } = provider;
    const at = this.#now();
    let { conditions } = known;
    for (const judgement of judgements) conditions = withCondition(conditions, judgement, { at, generation });
    const status: ProviderStatus = { ...known, ...found, observedGeneration: generation, ...(conditions && { conditions }) };
    const seen = Date.parse(at) - Date.parse(known.lastSeen ?? at);
    if (seen < SEEN_EVERY && saysTheSame(known, status)) return;
    await this.#services.providers.saveStatus(named(PROVIDER_KIND, provider), status, signal);
  }

  #now(): string {
    return new Date(this.#services.clock.now()).toISOString();
  }
}

const WELL_AGAIN: Judgement = { type: 'Degraded', status: 'False', reason: 'Connected', message: 'Its inventory is current.' };

const EXPERIMENTAL = 'Hyper-V is experimental: tested against simulators, not yet against a real host.';

function ready({ spec }: ProviderResource): Judgement {
  const checked = spec.insecure ? 'It answers; its certificate is not checked.' : 'It answers.';
  const message = spec.type === 'hyperv' ? `${checked} ${EXPERIMENTAL}` : checked;
  return { type: 'Ready', status: 'True', reason: 'Connected', message };
}

/** One that was well before goes on with what is known of it: it is degraded. */
function troubled({ status }: ProviderResource, { code, message, hint }: MigrationError): readonly Judgement[] {
  const about = { reason: reasonOf(code), message: `${message} ${hint}`.trim() };
  const wasWell = status?.inventory !== undefined;
  return [
    { type: 'Ready', status: 'False', ...about },
    { type: 'Degraded', status: wasWell ? 'True' : 'False', ...about },
  ];
}

/** Apart from when it was seen and read. */
function saysTheSame(a: ProviderStatus, b: ProviderStatus): boolean {
  const said = ({ lastSeen: _seen, inventory, ...rest }: ProviderStatus) => ({ ...rest, ...inventory, readAt: undefined });
  return isDeepStrictEqual(said(a), said(b));
}

/** `source-login-failed` → `SourceLoginFailed`, as conditions write it. */
export function reasonOf(code: string): string {
  return code.replaceAll(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
}
