/** What an answer to a range request is worth. Nothing is believed that the head does not say: RFC 9110 §14, §15.3.7. */
import { MigrationError } from '../../../model/errors.ts';
import type { Bytes } from '../../../model/units.ts';
import type { ResponseHead } from '../http/response-head.ts';

export interface Expected {
  readonly url: string;
  readonly offset: Bytes;
  readonly length: Bytes;
  /** Length of the whole file. */
  readonly total: Bytes;
  /** `ETag`, else `Last-Modified`, as it was said first; undefined while none was heard. */
  readonly mark: string | undefined;
}

/**
 * `range`: the body is what was asked for. `login`: the headers are refused. `busy`: later. `broken`: something in between may have
 * spoiled it, another try is worth it. `fatal`: it will not get better.
 */
export type Verdict =
  | { readonly kind: 'range'; readonly mark: string | undefined }
  | { readonly kind: 'login'; readonly status: 401 | 403 }
  | { readonly kind: 'busy'; readonly status: number; readonly overload: boolean; readonly retryAfter: string | undefined }
  | { readonly kind: 'broken'; readonly error: MigrationError }
  | { readonly kind: 'fatal'; readonly error: MigrationError };

export function judgeAnswer(head: ResponseHead, expected: Expected): Verdict {
  const { status, headers } = head;
  const { url: file, total } = expected;
  if (status === 206) return judgeRange(head, expected);
  if (status === 401 || status === 403) return { kind: 'login', status };
  if (status === 429 || status >= 500) {
    return { kind: 'busy', status, overload: status === 429 || status === 503, retryAfter: headers.get('retry-after') };
  }
  if (status === 200) {
    return { kind: 'broken', error: new MigrationError('disk-unreachable', 'The server ignores ranges.', { file }) };
  }
  if (status === 404 || status === 410) return fatal('source-changed', 'The file is not there any more.', file);
  if (status === 416) return fatal('source-changed', `The file is shorter than the disk's ${total} bytes.`, file);
  // Cookies would follow to wherever the redirect leads.
  if (status < 400)
    return fatal('source-refused', `The server sends readers elsewhere (HTTP ${status}), which is not followed.`, file);
  return fatal('source-refused', `The server refuses to hand out the file (HTTP ${status}).`, file);
}

function judgeRange({ headers }: ResponseHead, { url: file, offset, length, total, mark }: Expected): Verdict {
  const range = headers.get('content-range') ?? '';
  const [, first, last, told] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(range) ?? [];
  if (told !== undefined && Number(told) !== total) {
    return fatal('source-changed', `The file has ${told} bytes where the disk has ${total}.`, file);
  }
  if (told === undefined || Number(first) !== offset || Number(last) !== offset + length - 1) {
    return broken(`The server gave another range than bytes ${offset}-${offset + length - 1}/${total}.`, file);
  }
  const encoding = headers.get('content-encoding')?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') return broken('The server, or something on the way, encodes the bytes.', file);
  const found = headers.get('etag') ?? headers.get('last-modified');
  if (mark !== undefined && found !== mark) {
    return fatal('source-changed', 'The file was changed while it was read: the server marks it otherwise than before.', file);
  }
  return { kind: 'range', mark: found };
}

function broken(message: string, file: string): Verdict {
  return { kind: 'broken', error: new MigrationError('source-answer-broken', message, { file }) };
}

function fatal(code: 'source-changed' | 'source-refused', message: string, file: string): Verdict {
  return { kind: 'fatal', error: new MigrationError(code, message, { file }) };
}
