import type { Command } from 'commander';

const OPERATOR = `
Runs in the cluster, or wherever a kubeconfig leads to one, and takes its settings from the environment:
  KUBEFERRY_IMAGE            image of this program, which workers are started from; needed
  KUBEFERRY_NAMESPACE        only the resources of this namespace; those of all when absent
  KUBEFERRY_WORKERS          JSON: requests, limits, nodeSelector, tolerations, priorityClassName, imagePullSecrets of workers;
                             conversion: image, requests, limits and kvm (auto, always, never) of those that convert guests
  KUBEFERRY_LOOK_MS          milliseconds between two looks at what a worker says; 5000
  KUBEFERRY_METRICS_ADDRESS  where /metrics is served; :8080, nowhere when empty
  KUBEFERRY_HEALTH_ADDRESS   where /healthz and /readyz are served; :8081, nowhere when empty
`;

const WORKER = `
Runs in a Pod that the operator made: its order is mounted, and it ends when that is carried out.
`;

/** `operator --help` and `worker --help`. Without it bin.js starts programs of their own, which know no terminal and take no options. */
export function containerDoors(program: Command): void {
  program.command('operator').description("entry point of the operator's container").addHelpText('after', OPERATOR);
  program.command('worker').description("entry point of a worker's container").addHelpText('after', WORKER);
}
