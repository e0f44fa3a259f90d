/** Claims of ours beside those of a VM, for what has to outlive the Pods that work on it. */
import type { PersistentVolumeClaim } from '../../model/manifest.ts';
import { type Bytes, MiB } from '../../model/units.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { type Belonging, workerMetadata } from './worker-pod.ts';

/** With a file system, and of the same class as `beside`, so that whatever reaches the one reaches the other. @param size whole MiB */
export function workClaim(about: Belonging, beside: PersistentVolumeClaim, size: Bytes): KubeObject {
  const { storageClassName } = beside.spec;
  return {
    metadata: workerMetadata(about),
    spec: {
      ...(storageClassName !== undefined && { storageClassName }),
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: `${size / MiB}Mi` } },
    },
  };
}
