/**
 * What a source of virtual machines must provide. A provider reports facts; it never judges, never names Kubernetes,
 * never logs secrets, never retries by itself.
 */
import type { Inventory } from '../model/inventory.ts';
import type { DiskSource } from '../model/transfer.ts';
import type { SourceVm, VmRef } from '../model/vm.ts';

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** OVF deployment configuration to apply instead of the default one. Other providers have none and refuse it. */
  readonly configuration?: string;
}

export interface Provider {
  /** `file`, `vsphere`, `hyperv`. */
  readonly kind: string;
  /** True when `source` (design §5: path or URL) is for this provider. Looks at the text only. */
  claims(source: string): boolean;
  /**
   * Opens the source. Costs one look (a login, a stat), no inventory.
   * @throws MigrationError `source-not-found`, `source-unreadable`, `source-unrecognised`
   */
  connect(source: string, options: ConnectOptions): Promise<Connection>;
}

export interface Connection extends AsyncDisposable {
  /** Name of the source for people, without credentials. */
  readonly name: string;
  /**
   * VMs one after the other, in a stable order, as they are read: memory does not grow with their number.
   * @throws MigrationError for what cannot be read; nothing after it is delivered
   */
  vms(signal: AbortSignal): AsyncIterable<SourceVm>;
  /** Networks, storages and hosts. VMs are not in it. */
  surroundings(signal: AbortSignal): Promise<Omit<Inventory, 'vms'>>;
  /**
   * Says where the bytes of a disk are. Reads no more than headers, and for a package with a manifest once through the
   * disk's files, to check their digests before anybody trusts them.
   * @throws MigrationError `vm-not-found`, and whatever is wrong with the image
   */
  openDisk(vm: VmRef, diskKey: string, signal: AbortSignal): Promise<DiskSource>;
  /** Present where the source can switch a VM; absent for files, which are always at rest. */
  readonly power?: PowerControl;
}

export interface PowerControl {
  powerOff(vm: VmRef, signal: AbortSignal): Promise<void>;
  powerOn(vm: VmRef, signal: AbortSignal): Promise<void>;
}
