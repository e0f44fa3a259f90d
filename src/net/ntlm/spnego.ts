/** The envelope in which NTLM travels where a server could do Kerberos too: SPNEGO, RFC 4178 and [MS-SPNG]. */
import { contentOf, context, readElements, TAG, write } from './der.ts';
import { brokenToken } from './trouble.ts';

/** 1.3.6.1.5.5.2 */
const SPNEGO = write(TAG.oid, Buffer.from('2b0601050502', 'hex'));
/** 1.3.6.1.4.1.311.2.2.10 */
const NTLMSSP = write(TAG.oid, Buffer.from('2b06010401823702020a', 'hex'));

/** What we offer, and what `mechListMIC` is the signature of. */
export const MECHANISMS = write(TAG.sequence, NTLMSSP);

const STATES = ['completed', 'incomplete', 'rejected', 'request-mic'] as const;

/** `negTokenResp`: what both sides say after the first token. */
export interface Response {
  readonly state?: (typeof STATES)[number];
  readonly token?: Buffer;
  readonly mic?: Buffer;
}

/** The first token: NTLM alone is offered. */
export function writeInit(token: Uint8Array): Buffer {
  const content = write(TAG.sequence, write(context(0), MECHANISMS), write(context(2), write(TAG.octets, token)));
  return write(TAG.application0, SPNEGO, write(context(0), content));
}

export function writeResponse(token: Uint8Array, mic: Uint8Array): Buffer {
  const fields = [write(context(2), write(TAG.octets, token)), write(context(3), write(TAG.octets, mic))];
  return write(context(1), write(TAG.sequence, ...fields));
}

/** @throws MigrationError `source-answer-broken`, also when the server chose what was not offered */
export function parseResponse(data: Buffer): Response {
  const fields = readElements(contentOf(contentOf(data, context(1)), TAG.sequence));
  const field = (number: number): Buffer | undefined => fields.find(({ tag }) => tag === context(number))?.content;
  const state = field(0);
  const mechanism = field(1);
  const token = field(2);
  const mic = field(3);
  if (mechanism !== undefined && !mechanism.equals(NTLMSSP)) throw brokenToken('it is for a login that was not offered');
  return {
    ...(state !== undefined && { state: readState(state) }),
    ...(token !== undefined && { token: contentOf(token, TAG.octets) }),
    ...(mic !== undefined && { mic: contentOf(mic, TAG.octets) }),
  };
}

function readState(data: Buffer): (typeof STATES)[number] {
  const content = contentOf(data, TAG.enumerated);
  const state = content.length === 1 ? STATES[content[0] ?? -1] : undefined;
  if (state === undefined) throw brokenToken('it is in a state that does not exist');
  return state;
}
