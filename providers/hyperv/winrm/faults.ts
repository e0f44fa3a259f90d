/** What the service says when it does not do something. Decided by codes; its words are in the host's language, and for people. */
import { MigrationError } from '../../../src/model/errors.ts';
import { find, type XmlElement } from './xml.ts';

/** A SOAP fault. The message is the service's own. */
export class Fault extends Error {
  override readonly name = 'Fault';
  /** `WSManFault/@Code`, as wsmerror.h and winerror.h number them. */
  readonly code: number | undefined;
  /** Local name of the SOAP subcode: `AccessDenied`, `TimedOut`, `InvalidSelectors`. */
  readonly subcode: string | undefined;

  constructor(message: string, code: number | undefined, subcode: string | undefined) {
    super(message);
    this.code = code;
    this.subcode = subcode;
  }
}

/** Characters of the service's words that an error repeats. */
const WORDS = 500;

/** The fault that an envelope holds, if it does. */
export function faultIn(envelope: XmlElement): Fault | undefined {
  const fault = find(envelope, 'Fault');
  if (fault === undefined) return undefined;
  const subcode = find(fault, 'Subcode');
  const value = subcode === undefined ? undefined : find(subcode, 'Value')?.text.trim();
  const code = Number(find(fault, 'WSManFault')?.attributes.get('Code') ?? Number.NaN);
  const words = (find(fault, 'Message') ?? find(fault, 'Text'))?.text.trim().replaceAll(/\s+/g, ' ').slice(0, WORDS) ?? '';
  return new Fault(words, Number.isSafeInteger(code) ? code : undefined, value?.split(':').at(-1));
}

const OPERATION_TIMEDOUT = 2150858793;

/** ERROR_ACCESS_DENIED, ERROR_WSMAN_REMOTESHELLS_NOT_ALLOWED. */
const FORBIDDEN: readonly number[] = [5, 2150859180];

/** ERROR_WSMAN_QUOTA_*: LIMIT, MAX_SHELLS, MAX_OPERATIONS, USER, SYSTEM, MAX_SHELLUSERS, then those of a plugin (…_PPQ). */
const BUSY: readonly number[] = [
  2150858815, 2150859173, 2150859174, 2150859175, 2150859176, 2150859179, 2150859236, 2150859237, 2150859238, 2150859239,
  2150859240, 2150859241, 2150859242,
];

/** ERROR_OPERATION_ABORTED, ERROR_CANCELLED, ERROR_WSMAN_UNEXPECTED_SELECTORS, ERROR_WINRS_SHELL_DISCONNECTED, …_SERVICE_STREAM_DISCONNECTED. */
const GONE: readonly number[] = [995, 1223, 2150858843, 2150859204, 2150859230];

/** Nothing has happened in the time that the request gave: no trouble. */
export function isTimeout(error: unknown): boolean {
  return (
    error instanceof Fault && (error.code === OPERATION_TIMEDOUT || (error.code === undefined && error.subcode === 'TimedOut'))
  );
}

/** The shell is not there any more: it idled too long, or the service was started anew. */
export function isGone(error: unknown): boolean {
  return error instanceof Fault && (error.code === undefined ? error.subcode === 'InvalidSelectors' : GONE.includes(error.code));
}

/** Faults as what they mean to the caller; everything else as it is. */
export function asMigrationError(error: unknown, host: string): unknown {
  if (!(error instanceof Fault)) return error;
  const { code, subcode, message } = error;
  const said = `${message === '' ? 'no reason' : message} (${code ?? subcode ?? 'no code'})`;
  const place = { file: host, cause: error };
  if (isGone(error))
    return new MigrationError('source-answer-broken', `The shell on ${host} ended while a script ran in it`, place);
  if (FORBIDDEN.includes(code ?? 0) || (code === undefined && subcode === 'AccessDenied')) {
    return new MigrationError('source-forbidden', `${host} does not let this user run anything: ${said}`, {
      ...place,
      hint: 'The account has to be in Administrators, or in both Remote Management Users and Hyper-V Administrators. A local account other than the built-in Administrator also needs LocalAccountTokenFilterPolicy=1.',
    });
  }
  if (BUSY.includes(code ?? 0) || (code === undefined && subcode === 'QuotaLimit')) {
    return new MigrationError('source-busy', `${host} runs as many shells or commands as it allows: ${said}`, {
      ...place,
      hint: 'Wait until others have ended, or raise MaxShellsPerUser, MaxProcessesPerShell or MaxConcurrentUsers of WinRM.',
    });
  }
  return new MigrationError('source-refused', `WinRM on ${host} refused: ${said}`, place);
}
