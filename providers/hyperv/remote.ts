/**
 * A Hyper-V host that runs our scripts. WinRM (winrm/) and SSH (ssh/) are the two ways to one; both send the script's own text, unchanged, and its
 * input as JSON on the standard input, so that no value ever becomes part of a command.
 */
import type { ScriptAnswer, ScriptInput, ScriptName } from './scripts/contract.ts';

export interface Remote extends AsyncDisposable {
  /** Name of the host for people. */
  readonly host: string;
  /**
   * Runs a script and holds its answer to the contract. Calls may be made side by side; the remote orders them within its quotas.
   * @throws MigrationError `source-login-failed`, `source-unreachable`, `source-forbidden`, `source-busy`, `source-answer-broken`
   * @throws ScriptFailed what the script itself says went wrong
   */
  run<Name extends ScriptName>(name: Name, input: ScriptInput<Name>, signal: AbortSignal): Promise<ScriptAnswer<Name>>;
}
