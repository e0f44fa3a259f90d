/**
 * What the common preferences require of a VM (bundle of KubeVirt 1.8 and 1.9): KubeVirt accepts a smaller VM and refuses to start it.
 * Preferences that are not listed require nothing.
 */
import { type Bytes, GiB, MiB } from '../../src/model/units.ts';

export interface PreferenceNeed {
  /** Counted in sockets. */
  readonly cpus: number;
  readonly memory: Bytes;
}

function need(memory: Bytes, cpus = 1): PreferenceNeed {
  return { cpus, memory };
}

const NEEDS: ReadonlyMap<string, PreferenceNeed> = new Map([
  ['alpine', need(512 * MiB)],
  ['centos.stream9', need(1536 * MiB)],
  ['centos.stream10', need(1536 * MiB)],
  ['debian', need(512 * MiB)],
  ['fedora', need(2 * GiB)],
  ['opensuse.leap', need(2 * GiB)],
  ['opensuse.tumbleweed', need(2 * GiB)],
  ['oraclelinux', need(4 * GiB, 2)],
  ['rhel.7', need(GiB)],
  ['rhel.8', need(1536 * MiB)],
  ['rhel.9', need(1536 * MiB)],
  ['rhel.10', need(1536 * MiB)],
  ['sles', need(2 * GiB)],
  ['ubuntu', need(2 * GiB)],
  ['windows.xp', need(128 * MiB)],
  ['windows.2k3', need(256 * MiB)],
  ['windows.7', need(2 * GiB)],
  ['windows.10', need(2 * GiB)],
  ['windows.11', need(4 * GiB, 2)],
  ['windows.2k8', need(512 * MiB)],
  ['windows.2k12', need(512 * MiB)],
  ['windows.2k16', need(2 * GiB)],
  ['windows.2k19', need(2 * GiB)],
  ['windows.2k22', need(2 * GiB)],
  ['windows.2k25', need(2 * GiB)],
]);

/** By name of the preference; the `.virtio` and `.desktop` ones require what the plain ones do. */
export function preferenceNeed(name: string): PreferenceNeed | undefined {
  return NEEDS.get(name.replace(/\.(virtio|desktop)$/, ''));
}
