/** Versions of KubeVirt as far as they matter, major and minor, and what they can do, as far as manifests depend on it. */
import type { ClusterFacts } from './cluster-facts.ts';

/** 1.9 is 1009, so that versions compare as numbers. */
export type Version = number;

const MINORS = 1000;

/** Reads `1.9`, `v1.9.0-rc.1`; undefined when it is none. */
export function versionOf(text: string): Version | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})(?:[.+-]|$)/.exec(text);
  return match === null ? undefined : Number(match[1]) * MINORS + Number(match[2]);
}

export function versionText(version: Version): string {
  return `${Math.floor(version / MINORS)}.${version % MINORS}`;
}

/** `unknown`: the facts do not tell. */
type GateState = 'on' | 'off' | 'unknown';

/** Gates that a manifest of ours may need, with the version from which each is on by itself (KubeVirt's release notes). */
const GATES_ON_FROM = {
  /** Empty CD-ROM drives. */
  DeclarativeHotplugVolumes: 1009,
  /** `lun.reservation`. */
  PersistentReservation: 1009,
} as const satisfies Record<string, Version>;

/** Whether the target has a feature gate on. A gate that is switched off by name is off in every version. */
export function gateState(gate: keyof typeof GATES_ON_FROM, facts: ClusterFacts): GateState {
  if (facts.disabledFeatureGates?.includes(gate) === true) return 'off';
  if (facts.featureGates?.includes(gate) === true) return 'on';
  const version = versionOf(facts.kubevirtVersion ?? '');
  if (version === undefined) return 'unknown';
  if (version >= GATES_ON_FROM[gate]) return 'on';
  return facts.featureGates === undefined ? 'unknown' : 'off';
}
