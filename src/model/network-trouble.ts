/** What Node and undici say about a connection, as an error that names the broken link. */
import { MigrationError } from './errors.ts';

const UNTRUSTED: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'is from an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'is from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is from an authority that is not known here',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet; compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID: 'was made for another name',
};

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'the name server does not answer',
  ECONNREFUSED: 'nothing listens at that port',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
};

const BROKEN: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EPROTO: 'the connection was cut while it was encrypted',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer has another length than announced',
  HPE_INVALID_CONSTANT: 'the answer is no HTTP',
};

/** Undefined for what is no trouble of a connection. @param host name for people, without credentials */
export function networkTrouble(error: unknown, host: string): MigrationError | undefined {
  if (error instanceof MigrationError) return error;
  if (error instanceof Error && error.cause instanceof MigrationError) return error.cause;
  const code = codeOf(error);
  const place = { file: host, cause: error };
  const untrusted = UNTRUSTED[code];
  if (untrusted !== undefined) return new MigrationError('source-untrusted', `The certificate of ${host} ${untrusted}`, place);
  const unreachable = UNREACHABLE[code];
  if (unreachable !== undefined)
    return new MigrationError('source-unreachable', `${host} cannot be reached: ${unreachable}`, place);
  const broken = BROKEN[code];
  if (broken !== undefined || code.startsWith('UND_ERR') || code.startsWith('HPE_') || code.startsWith('ERR_SSL')) {
    return new MigrationError('source-answer-broken', `Talking to ${host} failed: ${broken ?? code}`, place);
  }
  return undefined;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (own !== '' && !(own === 'UND_ERR_SOCKET' && error.cause !== undefined)) return own;
  // A name with several addresses fails with all their errors in one.
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  return codeOf(inner) || own || (error.message === 'terminated' ? 'UND_ERR_SOCKET' : '');
}
