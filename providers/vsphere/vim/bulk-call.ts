/** Calls whose answers are large: the elements come one by one as they arrive, and none is kept. */
import { setImmediate as turn } from 'node:timers/promises';
import { MigrationError } from '../../../src/model/errors.ts';
import type { Http } from '../http.ts';
import { writeEnvelope } from './envelope.ts';
import { faultOf } from './fault.ts';
import type { Arguments, MoRef, VimNode } from './node.ts';
import type { Operation } from './operations.ts';
import { type CallOptions, requireXml } from './soap-calls.ts';
import { type Emit, XmlReader } from './xml-reader.ts';

/** Node reads up to 2 MiB from a fast connection without a turn of its event loop; whatever else waits gets one so often. */
const LONGEST_TURN_MS = 10;

export interface BulkCall {
  readonly operation: Operation;
  readonly on: MoRef;
  readonly args: Arguments;
  readonly emit: Emit;
}

/**
 * Yields the elements that `emit` names and returns the response element without them.
 * @throws VimFault what the server refuses, MigrationError of the connection
 */
export async function* bulkCall(
  http: Http,
  { operation, on, args, emit }: BulkCall,
  { signal, action, patience }: CallOptions,
): AsyncGenerator<VimNode, VimNode> {
  const answer = await http.request(
    {
      method: 'POST',
      path: '/sdk',
      headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action}"` },
      body: writeEnvelope(operation, on, args),
      ...(patience !== undefined && { patience }),
    },
    signal,
  );
  await requireXml(answer, http);
  const reader = new XmlReader(emit);
  let turned = performance.now();
  for await (const piece of http.bytes(answer, signal)) {
    yield* reader.write(piece);
    if (performance.now() - turned < LONGEST_TURN_MS) continue;
    await turn();
    turned = performance.now();
  }
  const envelope = reader.end();
  const fault = faultOf(envelope);
  if (fault !== undefined) throw fault;
  const response = envelope.at('Body', `${operation}Response`);
  if (response === undefined) {
    throw new MigrationError('source-answer-broken', `${http.host} answered ${operation} with something else`, {
      file: http.host,
    });
  }
  return response;
}
