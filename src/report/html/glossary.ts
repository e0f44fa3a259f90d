/** For people who come from vSphere or Hyper-V: each concept and where it went. */
import { type Html, html } from './markup.ts';

/** vSphere word, Hyper-V word, what it is on Kubernetes with KubeVirt. */
const WORDS: readonly (readonly [string, string, string])[] = [
  [
    'Virtual machine',
    'Virtual machine',
    'VirtualMachine: the definition. While it runs there is also a VirtualMachineInstance and a Pod that holds the process.',
  ],
  ['Power on, off', 'Start, turn off', 'spec.runStrategy of the VirtualMachine, or virtctl start and stop.'],
  [
    'VMDK on a datastore',
    'VHDX on a volume or share',
    'PersistentVolumeClaim: one for each disk. Its StorageClass decides where the bytes are.',
  ],
  ['Datastore', 'Cluster Shared Volume, SMB share', 'StorageClass. One class is a kind of storage and not one box with a size.'],
  ['Storage policy', 'Storage QoS policy', 'StorageClass and its parameters.'],
  [
    'Port group with VLAN',
    'Virtual switch and VLAN id',
    'NetworkAttachmentDefinition: a named network that a NIC is attached to with Multus.',
  ],
  [
    'VM Network as everybody’s network',
    'External switch',
    'The Pod network: addresses come from the cluster and services are reached through Service objects.',
  ],
  ['vMotion', 'Live migration', 'Live migration (virtctl migrate). Disks must be ReadWriteMany.'],
  [
    'Storage vMotion',
    'Storage migration',
    'Volume migration: change the claim in the VirtualMachine with updateVolumesStrategy Migration.',
  ],
  ['HA restart', 'Failover cluster', 'runStrategy Always and the cluster’s own rescheduling of a lost node.'],
  ['DRS rule', 'Anti-affinity class name', 'affinity and anti-affinity in the template.'],
  ['Resource pool, reservation, limit', 'Reserve, limit, weight', 'requests and limits; ResourceQuota for a namespace.'],
  ['Folder', 'Group', 'Namespace and labels.'],
  ['Tag, custom attribute', 'Notes', 'Labels and annotations.'],
  ['Snapshot', 'Checkpoint', 'VirtualMachineSnapshot, when the storage driver has a VolumeSnapshotClass.'],
  ['Template', 'VM template (SCVMM)', 'VirtualMachineTemplate, or a golden claim that is cloned.'],
  ['VMware Tools', 'Integration services', 'QEMU guest agent and virtio drivers.'],
  ['vTPM', 'Virtual TPM', 'devices.tpm with persistent: true. The contents of the old one stay behind.'],
  ['Remote console', 'VMConnect', 'virtctl vnc, virtctl console.'],
];

export function glossary(): Html {
  return html`<h2 id="words">Where did it go?</h2>
<p>Words of vSphere and Hyper-V, and what takes their place.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Words"><table><thead><tr><th scope="col">vSphere</th><th scope="col">Hyper-V</th><th scope="col">Kubernetes with KubeVirt</th></tr></thead><tbody>
${WORDS.map(([vsphere, hyperv, here]) => html`<tr><td>${vsphere}</td><td>${hyperv}</td><td>${here}</td></tr>`)}
</tbody></table></div>`;
}
