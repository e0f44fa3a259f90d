/**
 * The boot proof on this machine: a migrated VM runs in qemu as its manifest describes it, on overlays that are thrown away, in a network of
 * nobody, until it shows that it came up or why it does not.
 *
 *   manifest ─► machine.ts (plan) ─► argv.ts ─► live-machine.ts (runs, listens) ─► evidence.ts (judges) ─► BootProof
 *
 * Not here: what a proof means for a migration (steps), and how its picture reaches a report.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { VolumeKey } from '../../contracts/guest-converter.ts';
import type { BootEvidence, BootFamily, BootProbe, BootProof, BootTrouble } from '../../model/boot-proof.ts';
import { MigrationError } from '../../model/errors.ts';
import type { VirtualMachine } from '../../model/manifest.ts';
import { chooseAccelerator } from './accelerator.ts';
import { deadlineOf } from './deadline.ts';
import { judge } from './evidence.ts';
import { LiveMachine } from './live-machine.ts';
import { planMachine } from './machine.ts';
import type { StaticAddress } from './network.ts';
import { Passphrases } from './passphrases.ts';
import { insist, portsOf } from './probes.ts';

export interface BootRequest {
  readonly vm: VirtualMachine;
  /** Finished disks (raw files or block devices) by their claims. They are only read. */
  readonly disks: readonly { readonly claim: string; readonly path: string }[];
  readonly family: BootFamily;
  /** What the guest's cards are configured with, where that is known. */
  readonly addresses: readonly StaticAddress[];
  /** All have to be answered. */
  readonly probes: readonly BootProbe[];
  /** For everything, from switching on; deadlineOf() when absent. */
  readonly deadlineSeconds?: number;
  /** Of the guest. qemu takes up to 0.6 GiB beside its memory: most of that is what it translated, where the processor is emulated. */
  readonly limits: { readonly cpus: number; readonly memoryMiB: number };
  /** A folder with room for what the guest writes. */
  readonly workspace: string;
  /** Where the picture (PNG) goes; overwritten. */
  readonly screenshot: string;
}

const LOOK_MS = 250;
/** How long a guest that came up is watched further for its agent and its addresses. */
const LINGER_MS = 3000;
const CONSOLE_KEPT = 8192;

/**
 * @param keys of encrypted volumes: typed where the guest asks for them on its serial console, and taken out of everything that is told of it
 * @throws MigrationError `tool-missing`, `boot-machine-failed` when qemu does not run, `canceled`
 */
export async function proveBoot(request: BootRequest, signal: AbortSignal, keys: readonly VolumeKey[] = []): Promise<BootProof> {
  if (signal.aborted) throw canceled(signal);
  try {
    const accelerator = await chooseAccelerator(signal);
    const folder = await mkdtemp(path.join(request.workspace, 'boot-proof-'));
    try {
      const machine = planMachine(request.vm, request);
      await using live = await LiveMachine.start(
        { machine, folder, accelerator: accelerator.name, forwards: forwardsOf(request) },
        signal,
      );
      const { deadlineSeconds = deadlineOf(request.family, accelerator.name) } = request;
      const passphrases = new Passphrases(keys);
      const outcome = await watch(live, { request: { ...request, deadlineSeconds }, passphrases }, signal);
      const screenshot = await live.screenshot(request.screenshot);
      return {
        booted: outcome.trouble === undefined,
        ...withoutSecrets(outcome, passphrases),
        seconds: Math.round(live.seconds() * 10) / 10,
        accelerator,
        ...(screenshot ? { screenshot: request.screenshot } : {}),
        addresses: await live.addresses(),
        console: passphrases.hide(live.console()).slice(-CONSOLE_KEPT),
        differences: [...machine.differences, ...live.differences, ...passphrases.disks.map(asksAgain)],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    if (signal.aborted) throw canceled(signal);
    throw error;
  }
}

type TimedRequest = BootRequest & { readonly deadlineSeconds: number };
type Outcome = { readonly evidence: readonly BootEvidence[]; readonly trouble?: BootTrouble };

interface Asked {
  readonly request: TimedRequest;
  readonly passphrases: Passphrases;
}

async function watch(live: LiveMachine, { request, passphrases }: Asked, signal: AbortSignal): Promise<Outcome> {
  const stop = new AbortController();
  const patience = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(Math.ceil(request.deadlineSeconds * 1000))]);
  const evidence: BootEvidence[] = [];
  const refusals = new Map<BootProbe, string>(request.probes.map((probe) => [probe, 'no answer']));
  const asked = request.probes.map(async (probe) => {
    const card = cardOf(request.vm, probe);
    const ground = { ports: live.ports.get(card) ?? new Map(), answering: () => live.answering(card) };
    const text = await insist(probe, ground, { signal: patience, onRefusal: (why) => refusals.set(probe, why) });
    evidence.push({ kind: 'probe', text: text.slice(0, 200), seconds: live.seconds() });
    refusals.delete(probe);
  });
  const answered = Promise.allSettled(asked);
  try {
    const trouble = await untilSure(live, { request, passphrases, evidence, refusals }, patience);
    signal.throwIfAborted();
    return { evidence, ...(trouble === undefined ? {} : { trouble }) };
  } finally {
    stop.abort(new Error('The proof has ended'));
    await answered;
  }
}

interface Watched extends Asked {
  readonly evidence: BootEvidence[];
  readonly refusals: ReadonlyMap<BootProbe, string>;
}

/** The trouble, or undefined when the guest came up. */
async function untilSure(live: LiveMachine, watched: Watched, patience: AbortSignal): Promise<BootTrouble | undefined> {
  const { request, passphrases, evidence, refusals } = watched;
  let seen = false;
  for (;;) {
    const sight = seen ? undefined : await live.look(request.family);
    const passphrase = sight && passphrases.next(sight);
    if (passphrase !== undefined) live.type(passphrase);
    const verdict = sight && passphrase === undefined ? judge(request.family, sight) : undefined;
    if (verdict !== undefined && 'trouble' in verdict) {
      if (!(sight && passphrases.isStale(verdict.trouble, sight))) return unopened(verdict.trouble, passphrases);
    } else if (verdict !== undefined) {
      seen = true;
      evidence.push({ ...verdict.sign, seconds: live.seconds() });
    }
    const probed = request.probes.length > 0 && refusals.size === 0;
    if (probed || (seen && refusals.size === 0)) {
      const late = await live.linger(LINGER_MS, patience);
      if (late !== undefined && !evidence.some(({ kind }) => kind === 'guest-agent')) {
        evidence.push({ kind: 'guest-agent', text: `The guest agent answers: ${late}`, seconds: live.seconds() });
      }
      return undefined;
    }
    live.check();
    if (patience.aborted) return seen ? unanswered(refusals) : silent(request, refusals);
    await pause(LOOK_MS, undefined, { signal: patience }).catch(() => undefined);
  }
}

function unopened(trouble: BootTrouble, { disks }: Passphrases): BootTrouble {
  if (trouble.code !== 'passphrase-wanted' || disks.length === 0) return trouble;
  return { ...trouble, text: `None of the passphrases that were given opens it. ${trouble.text}`.slice(0, 400) };
}

/** @param disk in the words of the guest; may be empty */
function asksAgain(disk: string): string {
  return `The guest asked for the passphrase of ${disk || 'an encrypted disk'} and was given it here: in the cluster it asks for it on its console at every start.`;
}

function withoutSecrets({ evidence, trouble }: Outcome, passphrases: Passphrases): Outcome {
  return {
    evidence: evidence.map((each) => ({ ...each, text: passphrases.hide(each.text).slice(0, 200) })),
    ...(trouble && { trouble: { ...trouble, text: passphrases.hide(trouble.text).slice(0, 400) } }),
  };
}

function unanswered(refusals: ReadonlyMap<BootProbe, string>): BootTrouble {
  const said = [...refusals].map(([probe, why]) => `${probe.kind}: ${why}`).join('; ');
  return { code: 'probe-failed', text: `The guest came up, and not every question was answered: ${said}`.slice(0, 400) };
}

function silent({ deadlineSeconds }: TimedRequest, refusals: ReadonlyMap<BootProbe, string>): BootTrouble {
  const asked = refusals.size === 0 ? '' : ' and no probe was answered';
  return {
    code: 'no-sign',
    text: `In ${deadlineSeconds} s the guest gave no sign of life or of trouble${asked}; the picture shows how far it came.`,
  };
}

/** Where a guest without anything to say is knocked at; whether it accepts does not matter. */
const KNOCKED = 22;

/** Ports that lead to the guest, by the index of the card they come in by: those of probes, and one for every card whose address is known. */
function forwardsOf({ vm, probes, addresses }: BootRequest): ReadonlyMap<number, readonly number[]> {
  const forwards = new Map<number, Set<number>>();
  for (const probe of probes) {
    const card = cardOf(vm, probe);
    forwards.set(card, new Set([...(forwards.get(card) ?? []), ...portsOf(probe)]));
  }
  for (const [card, { macAddress, state }] of vm.spec.template.spec.domain.devices.interfaces.entries()) {
    const known = addresses.some(({ mac }) => mac.toLowerCase() === macAddress?.toLowerCase());
    if (known && state !== 'down' && !forwards.has(card)) forwards.set(card, new Set([KNOCKED]));
  }
  return new Map([...forwards].map(([card, ports]) => [card, [...ports]]));
}

/** The index of the card that a probe comes in by: the one it names, else the first that is connected. */
function cardOf({ spec }: VirtualMachine, probe: BootProbe): number {
  const { interfaces } = spec.template.spec.domain.devices;
  const mac = probe.mac?.toLowerCase();
  const card = interfaces.findIndex(({ macAddress, state }) =>
    mac === undefined ? state !== 'down' : macAddress?.toLowerCase() === mac,
  );
  if (card >= 0) return card;
  throw new MigrationError(
    'config-invalid',
    `A probe cannot reach the guest: it has no network card${mac === undefined ? '' : ` ${mac}`}.`,
  );
}

function canceled(signal: AbortSignal): MigrationError {
  return new MigrationError('canceled', 'The boot proof was canceled.', { cause: signal.reason });
}
