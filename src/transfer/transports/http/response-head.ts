/** The head of an HTTP/1.1 response (RFC 9112 §4, §5), read strictly: what two readers could take for two things is refused. */
import { MigrationError } from '../../../model/errors.ts';

export interface ResponseHead {
  readonly status: number;
  /** The connection may carry another request afterwards. */
  readonly keepsAlive: boolean;
  /** By lower-case name; several lines of one name are joined with commas (RFC 9110 §5.2). */
  readonly headers: ReadonlyMap<string, string>;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

/**
 * @param text from the status line to the last field, without the empty line
 * @throws MigrationError `source-answer-broken`
 */
export function parseHead(text: string): ResponseHead {
  const [first = '', ...lines] = text.split('\r\n');
  const status = STATUS_LINE.exec(first);
  if (status === null) throw broken('the answer is no HTTP/1.1');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const field = FIELD.exec(line);
    const name = field?.[1]?.toLowerCase();
    const value = field?.[2];
    if (name === undefined || value === undefined || /[\r\n\0]/.test(value)) throw broken('the answer has a malformed header');
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  }
  const connection = (headers.get('connection') ?? '').toLowerCase().split(/\s*,\s*/);
  const keepsAlive = status[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive');
  return { status: Number(status[2]), keepsAlive, headers };
}

/**
 * Length of the body in bytes.
 * @throws MigrationError `source-answer-broken` when it is not told: a body that ends with the connection cannot be told from a cut one
 */
export function bodyLength({ headers }: ResponseHead): number {
  const told = headers.get('content-length');
  if (told === undefined || headers.has('transfer-encoding') || !/^\d{1,15}$/.test(told)) {
    throw broken('the answer does not tell its length');
  }
  return Number(told);
}

function broken(what: string): MigrationError {
  return new MigrationError('source-answer-broken', `Talking to the server failed: ${what}`);
}
