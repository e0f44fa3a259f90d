/** Reads what a script wrote: its answer, held to the contract, or why it failed. */
import type { z } from 'zod';
import { MigrationError } from '../../../src/model/errors.ts';
import { Failed, SCRIPTS, type ScriptAnswer, type ScriptName } from './contract.ts';

/** How the process ended on the host. */
export interface Ended {
  /** One JSON document in ASCII. */
  readonly stdout: string;
  /** CLIXML; for the search of bugs only. */
  readonly stderr: string;
  readonly exitCode: number;
}

/** Characters of an answer at most; whoever collects output stops there. A VM takes about 10,000, a host runs 1,024 at most. */
export const ANSWER_LIMIT = 64 * 1024 * 1024;

/** Characters of standard error that a bug report keeps. */
const NOISE_LIMIT = 4000;

type FailedCode = Failed['failed']['code'];

/** What a script itself says went wrong. `code` decides; the message is in the host's language and for people. */
export class ScriptFailed extends Error {
  override readonly name = 'ScriptFailed';
  readonly code: FailedCode;
  /** PowerShell's `CategoryInfo.Category`, in no language: `PermissionDenied`. */
  readonly category?: string;
  /** PowerShell's `FullyQualifiedErrorId`. */
  readonly errorId?: string;
  /** `Msvm_ConcreteJob.ErrorCode` of the job that failed. */
  readonly jobError?: number;

  constructor({ failed }: Failed) {
    super(failed.message);
    this.code = failed.code;
    if (typeof failed.category === 'string') this.category = failed.category;
    if (typeof failed.errorId === 'string') this.errorId = failed.errorId;
    if (typeof failed.jobError === 'number') this.jobError = failed.jobError;
  }
}

/**
 * @param host name of the host for people
 * @throws ScriptFailed what the script says went wrong
 * @throws MigrationError `source-answer-broken` when the answer is not what the contract says; names the field, never its content
 */
export function readAnswer<Name extends ScriptName>(name: Name, ended: Ended, host: string): ScriptAnswer<Name> {
  const document = parse(name, ended, host);
  const failed = Failed.safeParse(document);
  if (failed.success) throw new ScriptFailed(failed.data);
  if (ended.exitCode !== 0) {
    throw broken({ name, ended, host, what: `ended with code ${ended.exitCode} without a reason` });
  }
  const answer = SCRIPTS[name].answer.safeParse(document);
  if (!answer.success) throw broken({ name, ended, host, what: 'does not fit', ...wrong(answer.error) });
  return answer.data as ScriptAnswer<Name>;
}

function parse(name: ScriptName, ended: Ended, host: string): unknown {
  const { stdout } = ended;
  if (stdout.length > ANSWER_LIMIT) throw broken({ name, ended, host, what: `is longer than ${ANSWER_LIMIT} characters` });
  if (stdout.trim() === '') throw broken({ name, ended, host, what: `is empty, exit code ${ended.exitCode}` });
  try {
    return JSON.parse(stdout);
  } catch {
    // The parser's own message quotes the text, which is the customer's.
    throw broken({ name, ended, host, what: `is no JSON document (${stdout.length} characters)` });
  }
}

/** The first field that breaks the contract: `vms[3].disks[0].path`, and the rule that it breaks. */
function wrong(error: z.ZodError): { readonly at: string; readonly rule: string } {
  const issue = error.issues[0];
  const at = (issue?.path ?? [])
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
  return { at: at === '' ? 'the whole' : at, rule: issue?.message ?? 'invalid' };
}

interface Breach {
  readonly name: ScriptName;
  readonly ended: Ended;
  readonly host: string;
  readonly what: string;
  readonly at?: string;
  readonly rule?: string;
}

function broken({ name, ended, host, what, at, rule }: Breach): MigrationError {
  const field = at === undefined ? '' : `: ${at}: ${rule}`;
  const noise = ended.stderr.trim().slice(0, NOISE_LIMIT);
  return new MigrationError('source-answer-broken', `The answer of ${host} to script ${name} ${what}${field}.`, {
    file: host,
    at: at === undefined ? name : `${name}: ${at}`,
    ...(noise !== '' && { cause: new Error(noise) }),
  });
}
