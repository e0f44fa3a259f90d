/** What becomes of a source whose VM is at its target for good, so that nobody starts it by mistake. Nothing of it is ever deleted. */
export interface AfterCommit {
  /** Appended to its name. */
  readonly rename?: string;
  /** Where it is moved to: a folder of VMs of its datacenter, its parts separated by slashes. It has to be there. */
  readonly folder?: string;
  /** Its network cards are disconnected, now and when it is powered on. */
  readonly disconnectNics?: boolean;
}
