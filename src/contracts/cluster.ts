/** What a door wants from a target cluster. */
import type { ClusterFacts } from '../model/cluster-facts.ts';

/** Which cluster. Both absent: as kubectl chooses (KUBECONFIG, ~/.kube/config, or the ServiceAccount of the pod). */
export interface ClusterAccess {
  /** Path of a kubeconfig file. */
  readonly kubeconfig?: string;
  /** Context of the kubeconfig instead of its current one. */
  readonly context?: string;
  /** The Pod that we are: its own account goes before every kubeconfig. */
  readonly pod?: PodAccess;
}

/** How a Pod gets at its API server. */
export interface PodAccess {
  /** KUBERNETES_SERVICE_HOST */
  readonly host: string;
  /** KUBERNETES_SERVICE_PORT */
  readonly port: string;
  /** Folder of `token`, `ca.crt` and `namespace`; where Kubernetes mounts it when absent. */
  readonly folder?: string;
}

/** Why some facts are absent. */
export interface UnknownFacts {
  /** What was asked for: `volumesnapshotclasses.snapshot.storage.k8s.io`. */
  readonly what: string;
  /** The kind is not installed, reading it is not allowed, or what stands there cannot be understood. */
  readonly why: 'missing' | 'forbidden' | 'odd';
  /** One sentence for a person. */
  readonly because: string;
}

export interface FactsReading {
  readonly facts: ClusterFacts;
  /** Everything that could not be read, in the order of the facts. */
  readonly unknown: readonly UnknownFacts[];
}
