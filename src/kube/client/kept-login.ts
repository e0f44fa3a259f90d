/** Who we are to an API server, and for how long we believe it. */
import type { Agent, RequestOptions } from 'node:https';
import type { Clock } from '../../contracts/clock.ts';

/** What a request carries and its connection needs. */
export interface LoginParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'servername' | 'rejectUnauthorized'>;
  /** Connects through the proxy that the kubeconfig names. */
  readonly proxy?: Agent;
}

export interface Login {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string;
  /** The context's own namespace. */
  readonly namespace?: string;
  /** Tokens and certificates as they are now: files are read and programs asked again when it is time. */
  current(): Promise<LoginParts>;
  /** Forgets what the server did not take, unless there is something newer already. */
  renew(refused: LoginParts): void;
}

/** How long tokens and certificates are trusted to be the current ones. Kubernetes rotates them long before they expire. */
const FRESH_MS = 10_000;
/**
 * Tokens and certificates as they were obtained last, for a while.
 * @param forget called when the server did not take what is newest
 */
export function kept(obtain: () => Promise<LoginParts>, forget: () => void, clock: Clock): Pick<Login, 'current' | 'renew'> {
  let known: { readonly parts: Promise<LoginParts>; readonly until: number } | undefined;
  let latest: LoginParts | undefined;
  return {
    async current() {
      // Shared by all who ask meanwhile: a program of the kubeconfig is run once, not once a call.
      if (known === undefined || clock.now() >= known.until) known = { parts: obtain(), until: clock.now() + FRESH_MS };
      const mine = known;
      try {
        latest = await mine.parts;
        return latest;
      } catch (error) {
        if (known === mine) known = undefined;
        throw error;
      }
    },
    renew(refused) {
      if (refused !== latest) return;
      known = undefined;
      forget();
    },
  };
}
