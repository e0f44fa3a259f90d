/** Asks the running guest what a user wants to be sure of: at its own address, or through the ports of 127.0.0.1 that lead to it. */
import { once } from 'node:events';
import { get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { BootProbe } from '../../model/boot-proof.ts';
import { startProgram } from '../guest/program.ts';

export interface ProbeGround {
  /** Where the ports are; 127.0.0.1 when absent. */
  readonly host?: string;
  /** Port of the host by port of the guest. */
  readonly ports: ReadonlyMap<number, number>;
  /** Ports of the guest that were seen to accept a connection: the forwarder in between accepts every one. */
  answering(): Promise<ReadonlySet<number>>;
}

const LOOPBACK = '127.0.0.1';
/** Between two tries. */
const PAUSE_MS = 1000;
/** One try; an emulated guest is slow. */
const TRY_MS = 15_000;
/** Of a body or a banner that is looked at. */
const READ = 65_536;

/** Of a guest that is reached as it is: what accepts a connection there is the guest itself. */
export function groundAt(host: string, probe: BootProbe): ProbeGround {
  const ports = portsOf(probe);
  return { host, ports: new Map(ports.map((port) => [port, port])), answering: () => Promise.resolve(new Set(ports)) };
}

/** Ports of the guest that a probe needs. */
export function portsOf(probe: BootProbe): readonly number[] {
  return probe.kind === 'script' ? probe.ports : [probe.port];
}

/**
 * Asks until the answer is right; gives it as a sentence.
 * @throws the signal's reason when it aborts; `onRefusal` has heard the last wrong answer by then
 */
export async function insist(
  probe: BootProbe,
  ground: ProbeGround,
  { signal, onRefusal }: { readonly signal: AbortSignal; readonly onRefusal: (why: string) => void },
): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const patience = AbortSignal.timeout(TRY_MS);
    try {
      return await askOnce(probe, ground, AbortSignal.any([signal, patience]), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (patience.aborted && probe.kind !== 'script') onRefusal(`port ${probe.port} does not answer`);
      else onRefusal(error instanceof Error ? error.message : String(error));
    }
    await pause(PAUSE_MS, undefined, { signal });
  }
}

function askOnce(probe: BootProbe, ground: ProbeGround, patience: AbortSignal, whole: AbortSignal): Promise<string> {
  if (probe.kind === 'tcp') return askTcp(probe, ground, patience);
  if (probe.kind === 'http') return askHttp(probe, ground, patience);
  // A script takes the time it needs.
  return runScript(probe, ground, whole);
}

async function askTcp({ port, banner }: BootProbe & { kind: 'tcp' }, ground: ProbeGround, signal: AbortSignal): Promise<string> {
  const socket = connect({ host: ground.host ?? LOOPBACK, port: local(ground, port), signal });
  try {
    await once(socket, 'connect', { signal });
    let heard = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard = (heard + text).slice(0, READ);
    });
    socket.on('error', () => undefined);
    for (;;) {
      if (banner === undefined && (await ground.answering()).has(port)) return `port ${port} accepts connections`;
      const matched = banner === undefined ? null : new RegExp(banner).exec(heard);
      if (matched !== null) return `port ${port} greets with ${matched[0].slice(0, 100)}`;
      if (socket.destroyed || socket.readableEnded) throw new Error(`port ${port} takes no connection`);
      await pause(100, undefined, { signal });
    }
  } finally {
    socket.destroy();
  }
}

async function askHttp(probe: BootProbe & { kind: 'http' }, ground: ProbeGround, signal: AbortSignal): Promise<string> {
  const { port, path = '/', status = 200, body } = probe;
  const request = get({ host: ground.host ?? LOOPBACK, port: local(ground, port), path, signal, agent: false });
  const [response] = (await once(request, 'response', { signal })) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.length > READ) break;
  }
  if (response.statusCode !== status)
    throw new Error(`port ${port} answers ${path} with ${response.statusCode} instead of ${status}`);
  if (body !== undefined && !new RegExp(body).test(text)) throw new Error(`what port ${port} answers to ${path} does not match`);
  return `port ${port} answers ${path} with ${status}`;
}

async function runScript(probe: BootProbe & { kind: 'script' }, ground: ProbeGround, signal: AbortSignal): Promise<string> {
  const env = Object.fromEntries(probe.ports.map((port) => [`KUBEFERRY_PORT_${port}`, String(local(ground, port))]));
  const { stdin, stdout, reports, ended } = await startProgram('sh', ['-c', 'exec "$0"', probe.path], { env, signal });
  stdin.end();
  reports.resume();
  let said = '';
  stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-READ);
  });
  const { status, stderr } = await ended;
  const last = (said.trim() || stderr).split('\n').at(-1)?.slice(0, 150) ?? '';
  if (status === 0) return `${probe.path} ended well: ${last}`;
  throw new Error(`${probe.path} ended with ${status ?? 'a signal'}: ${last}`);
}

function local(ground: ProbeGround, port: number): number {
  const found = ground.ports.get(port);
  if (found === undefined) throw new Error(`port ${port} of the guest is not forwarded`);
  return found;
}
