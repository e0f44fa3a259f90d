/** What a KubeVirt version can do, as far as manifests depend on it. */
import type { ClusterFacts } from './cluster-facts.ts';

/** `unknown`: the facts do not tell. */
type GateState = 'on' | 'off' | 'unknown';

/** Gates that a manifest of ours may need, with the version from which each is on by itself (KubeVirt's release notes). */
const GATES_ON_FROM = {
  /** Empty CD-ROM drives. */
  DeclarativeHotplugVolumes: [1, 9],
  /** `lun.reservation`. */
  PersistentReservation: [1, 9],
} as const satisfies Record<string, readonly [major: number, minor: number]>;

/** Whether the target has a feature gate on. A gate that is switched off by name is off in every version. */
export function gateState(gate: keyof typeof GATES_ON_FROM, facts: ClusterFacts): GateState {
  if (facts.disabledFeatureGates?.includes(gate) === true) return 'off';
  if (facts.featureGates?.includes(gate) === true) return 'on';
  const [major, minor] = GATES_ON_FROM[gate];
  const newEnough = isAtLeast(facts.kubevirtVersion, major, minor);
  if (newEnough === true) return 'on';
  return newEnough === false && facts.featureGates !== undefined ? 'off' : 'unknown';
}

/** True when a version such as `v1.6.2` or `1.9.0-rc.0` is `major.minor` or newer; undefined when it is absent or no version. */
function isAtLeast(version: string | undefined, major: number, minor: number): boolean | undefined {
  const match = /^v?(\d+)\.(\d+)(\.|$)/.exec(version ?? '');
  if (match === null) return undefined;
  const [, found = '', next = ''] = match;
  return Number(found) === major ? Number(next) >= minor : Number(found) > major;
}
