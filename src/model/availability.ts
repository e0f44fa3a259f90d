/** What the source's cluster does around a VM. */
/** vSphere `ClusterVmHostRuleInfo`, enabled ones only; Hyper-V preferred and possible owners. */
export interface HostRule {
  readonly name: string;
  readonly kind: 'affinity' | 'anti-affinity';
  /** True for «must», false for «should». */
  readonly mandatory?: boolean;
  /** Names of the hosts. */
  readonly hosts?: readonly string[];
}

/** Services of the source's cluster around the VM. */
export interface Availability {
  /** vSphere `runtime.faultToleranceState` other than `notConfigured`. */
  readonly faultTolerance?: boolean;
  /** vSphere HA or a Hyper-V failover cluster restarts the VM elsewhere. */
  readonly highAvailability?: boolean;
  /** vSphere HA `restartPriority`, Hyper-V cluster group priority, as written. */
  readonly restartPriority?: string;
  /** Name of the failover cluster's role for the VM (Hyper-V `Get-ClusterGroup`). */
  readonly clusterRole?: string;
  /** vSphere DRS automation level in force for the VM: `fullyAutomated`, `partiallyAutomated`, `manual`. */
  readonly drs?: string;
  /** vSphere Distributed Power Management is on for the cluster. */
  readonly dpm?: boolean;
  /** Replication that is set up for the VM (Hyper-V `ReplicationMode` other than `None`, vSphere Replication). */
  readonly replication?: { readonly mode: 'primary' | 'replica' | 'extended-replica'; readonly state?: string };
  /** What happens when the host starts: Hyper-V `AutomaticStartAction`, vSphere autostart. */
  readonly autoStart?: 'always' | 'if-was-running' | 'never';
}
