import type { Services, Terminal } from './services.ts';

/** Exit codes: 0 fine, 1 concerns at or above the limit, 2 usage or configuration, 3 a provider, cluster or transfer failed. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What every command gets. */
export interface CommandContext {
  readonly services: Services;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Sets the exit code of a command that ran to its end. */
  readonly exit: (code: ExitCode) => void;
}
