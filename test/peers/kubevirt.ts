/**
 * KubeVirt's own judgement on manifests, for tests. The Go program in `kubevirt/` runs KubeVirt's code as its webhooks and its VM controller do;
 * this file starts it and types what it prints. There is no cluster behind it: storage, networks, quota, RBAC and nodes are not looked at,
 * and a claim is only decoded strictly.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildPeer } from './build.ts';
import type { CustomResourceDefinition } from './definitions.ts';
import { remember } from './remember.ts';

/** The steps of a cluster: strict CRD check, KubeVirt's admission of the VirtualMachine, making and admitting the VirtualMachineInstance. */
export const STAGES = ['schema', 'create', 'start'] as const;
export type Stage = (typeof STAGES)[number];

export interface Cause {
  /** Path such as `spec.template.spec.domain.cpu`; empty where the objection is about the whole object. */
  readonly field: string;
  /** KubeVirt's own words. */
  readonly message: string;
}

export interface StageVerdict {
  readonly accepted: boolean;
  readonly causes: readonly Cause[];
  readonly warnings: readonly string[];
}

export interface AdmissionVerdict {
  readonly kind: string;
  readonly name: string;
  /** Every stage that the kind has accepts it. */
  readonly accepted: boolean;
  readonly schema: StageVerdict;
  /** Only for a VirtualMachine. */
  readonly create?: StageVerdict;
  /** Only for a VirtualMachine. */
  readonly start?: StageVerdict;
  /** The VirtualMachineInstance that a start would make, with all that KubeVirt and a preference fill in; absent when none can be made. */
  readonly started?: StartedInstance;
}

/** As much of a VirtualMachineInstance as tests look at. */
export interface StartedInstance {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly domain: Readonly<Record<string, unknown>> };
}

/** What any manifest has. Deliberately wide: tests judge wrong manifests too, and those do not compile as our own types. */
export interface AnyManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/** Gates that the judging KubeVirt 1.8 has off and 1.9 has on by default, as far as our manifests need them: empty CD-ROM drives, LUNs with reservations. */
export const ON_FROM_1_9: readonly string[] = ['DeclarativeHotplugVolumes', 'PersistentReservation'];

export interface AdmitOptions {
  /** Feature gates that are on beside the default ones, such as `DeclarativeHotplugVolumes`. */
  readonly gates?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * One verdict a manifest, in the order given. VirtualMachine and PersistentVolumeClaim can be judged; other kinds are refused as unknown.
 * Starting the program takes about 4 s (KubeVirt builds its OpenAPI model), each VM about 8 ms: ask for many at once.
 * @throws Error when KubeVirt's code asks for something that only a cluster has
 */
export async function admitAll(
  manifests: readonly AnyManifest[],
  { gates = [], signal }: AdmitOptions = {},
): Promise<readonly AdmissionVerdict[]> {
  const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n');
  return documents<AdmissionVerdict>(await runPeer(['admit', ...gates], input, signal));
}

/** KubeVirt's CRDs for the kinds that a migration touches or reads. */
export async function kubevirtDefinitions(signal?: AbortSignal): Promise<readonly CustomResourceDefinition[]> {
  const printed = await remember(await buildPeer('kubevirt'), 'crds.ndjson', () => runPeer(['crds'], '', signal));
  return documents<CustomResourceDefinition>(printed);
}

/** Version of the KubeVirt that judges, such as `v1.8.2`, as the module pins it. */
export async function kubevirtVersion(): Promise<string> {
  const pins = await readFile(join(import.meta.dirname, 'kubevirt', 'go.mod'), 'utf8');
  const version = /^\tkubevirt\.io\/kubevirt (v\S+)$/m.exec(pins)?.[1];
  if (version === undefined) throw new Error('go.mod pins no kubevirt.io/kubevirt');
  return version;
}

/** Everything a verdict objects to, one line each: `VirtualMachine web, create, spec.runStrategy: …`. Empty when it was accepted. */
export function objections(verdict: AdmissionVerdict): readonly string[] {
  return STAGES.flatMap((stage) =>
    (verdict[stage]?.causes ?? []).map((cause) => `${verdict.kind} ${verdict.name}, ${stage}, ${cause.field}: ${cause.message}`),
  );
}

function documents<T>(output: string): readonly T[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line));
}

async function runPeer(args: readonly string[], input: string, signal: AbortSignal | undefined): Promise<string> {
  const child = spawn(await buildPeer('kubevirt'), args, signal === undefined ? {} : { signal });
  const exit = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  // A program that fails early does not read on: what it says on stderr is the trouble, not the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  if (code !== 0) throw new Error(`kubevirt-peer ${args[0]} failed (exit ${code}): ${stderr.trim()}`);
  return stdout;
}
