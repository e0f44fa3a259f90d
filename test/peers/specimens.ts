/**
 * Healthy manifests and one-fault variants of them, for tests that ask what KubeVirt says. A fault is a path and a value, so that a variant
 * can hold what our own types refuse to compile.
 */
import type { PersistentVolumeClaim, VirtualMachine } from '../../src/model/manifest.ts';
import type { AnyManifest } from './kubevirt.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A Linux VM with BIOS, two virtio disks and two NICs: KubeVirt has nothing to say against it. */
export const LINUX_VM: VirtualMachine = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'web', namespace: 'shop', labels: { 'app.kubernetes.io/name': 'web' } },
  spec: {
    runStrategy: 'Halted',
    template: {
      metadata: { labels: { 'app.kubernetes.io/name': 'web' } },
      spec: {
        architecture: 'amd64',
        hostname: 'web',
        evictionStrategy: 'LiveMigrateIfPossible',
        domain: {
          cpu: { sockets: 2, cores: 2, threads: 1, maxSockets: 2 },
          memory: { guest: '4Gi', maxGuest: '4Gi' },
          machine: { type: 'q35' },
          firmware: { uuid: '4237a7e1-6a1c-4b7d-9d9e-0f6f1c1b2a33', serial: 'VMware-42 37 a7 e1', bootloader: { bios: {} } },
          clock: { utc: {} },
          features: { acpi: {} },
          devices: {
            autoattachPodInterface: false,
            disks: [
              { name: 'disk-0', bootOrder: 1, serial: '6000C29e10f5c6f2', disk: { bus: 'virtio' } },
              { name: 'disk-1', disk: { bus: 'scsi' } },
            ],
            interfaces: [
              { name: 'nic-0', model: 'virtio', macAddress: '00:50:56:01:02:03', masquerade: {} },
              { name: 'nic-1', model: 'e1000e', macAddress: '00:50:56:01:02:04', state: 'down', bridge: {} },
            ],
            inputs: [{ name: 'tablet', type: 'tablet', bus: 'usb' }],
            rng: {},
          },
        },
        networks: [
          { name: 'nic-0', pod: {} },
          { name: 'nic-1', multus: { networkName: 'shop/vlan-20' } },
        ],
        volumes: [
          { name: 'disk-0', persistentVolumeClaim: { claimName: 'web-disk-0' } },
          { name: 'disk-1', persistentVolumeClaim: { claimName: 'web-disk-1' } },
        ],
      },
    },
  },
};

/** A Windows VM with Secure Boot, TPM, enlightenments, local time and a preference. */
export const WINDOWS_VM: VirtualMachine = {
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'files', namespace: 'shop' },
  spec: {
    runStrategy: 'RerunOnFailure',
    preference: { kind: 'VirtualMachineClusterPreference', name: 'windows.2k22.virtio' },
    template: {
      spec: {
        architecture: 'amd64',
        terminationGracePeriodSeconds: 3600,
        domain: {
          cpu: { sockets: 2, cores: 1, threads: 1, maxSockets: 2 },
          memory: { guest: '8Gi', maxGuest: '8Gi' },
          machine: { type: 'q35' },
          firmware: { bootloader: { efi: { secureBoot: true, persistent: true } } },
          clock: {
            timezone: 'Europe/Berlin',
            timer: { hpet: { present: false }, pit: { tickPolicy: 'delay' }, rtc: { tickPolicy: 'catchup' }, hyperv: {} },
          },
          features: {
            acpi: {},
            smm: { enabled: true },
            hyperv: {
              relaxed: {},
              vapic: {},
              vpindex: {},
              spinlocks: { spinlocks: 8191 },
              synic: {},
              synictimer: { direct: {} },
              runtime: {},
              frequencies: {},
              ipi: {},
              tlbflush: {},
              reset: {},
            },
          },
          devices: {
            autoattachPodInterface: false,
            disks: [{ name: 'disk-0', bootOrder: 1, disk: { bus: 'virtio' } }],
            interfaces: [{ name: 'nic-0', model: 'virtio', macAddress: '00:15:5d:01:02:03', bridge: {} }],
            inputs: [{ name: 'tablet', type: 'tablet', bus: 'usb' }],
            rng: {},
            tpm: { persistent: true },
          },
        },
        networks: [{ name: 'nic-0', multus: { networkName: 'shop/vlan-20' } }],
        volumes: [{ name: 'disk-0', persistentVolumeClaim: { claimName: 'files-disk-0' } }],
      },
    },
  },
};

export const CLAIM: PersistentVolumeClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'web-disk-0', namespace: 'shop' },
  spec: {
    accessModes: ['ReadWriteMany'],
    volumeMode: 'Block',
    storageClassName: 'fast',
    resources: { requests: { storage: '42949672960' } },
  },
};

/** Places below `spec.template.spec.domain`, `spec.template.spec` and the root. */
const ROOTS = { D: ['spec', 'template', 'spec', 'domain'], T: ['spec', 'template', 'spec'] } as const;

/**
 * A copy of the manifest with other values at some paths; `undefined` removes. `D.` and `T.` stand for the domain and the template's spec:
 * `{ 'D.cpu.cores': 0, 'T.networks.1.multus': undefined }`.
 */
export function variant(manifest: AnyManifest, changes: Readonly<Record<string, Json | undefined>>): AnyManifest {
  const copy: AnyManifest = structuredClone(manifest);
  for (const [path, value] of Object.entries(changes)) setAt(copy, expand(path), value);
  return copy;
}

function expand(path: string): readonly string[] {
  const [first = '', ...rest] = path.split('.');
  return first === 'D' || first === 'T' ? [...ROOTS[first], ...rest] : [first, ...rest];
}

function setAt(root: object, path: readonly string[], value: Json | undefined): void {
  let place: unknown = root;
  for (const key of path.slice(0, -1)) place = isObject(place) ? place[key] : undefined;
  const last = path.at(-1);
  if (!isObject(place) || last === undefined) throw new Error(`the specimen has nothing at ${path.join('.')}`);
  if (value === undefined) Reflect.deleteProperty(place, last);
  else place[last] = value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
