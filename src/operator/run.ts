import { PlanController } from './plan-controller.ts';
import { ProviderController } from './provider-controller.ts';
import type { Services } from './services.ts';
import { Sources } from './sources.ts';
import { VmController } from './vm-controller.ts';

/** Milliseconds that a look may go on after the operator was asked to end. */
const GRACE = 5000;
/** Milliseconds over which changes of many VMs become one look at their plan. */
const GATHER = 500;
const WORKERS = { providers: 8, plans: 4, vms: 8 };

/** Works until the signal aborts. VMs that are under way stay where they are, and their workers go on. */
export async function run(services: Services, signal: AbortSignal): Promise<void> {
  const { providers, plans, migrations, networkMaps, storageMaps, log } = services;
  await using sources = new Sources(services, signal);
  const [providerWork, planWork, vmWork] = [services.work('providers'), services.work('plans'), services.work('vms')];
  const vms = new VmController(services, { sources, leave: signal, again: (key, later) => vmWork.addAfter(key, later) });
  const ofProvider = new ProviderController(services, sources);
  const ofPlan = new PlanController(services, sources);

  providers.subscribe((key) => {
    providerWork.add(key);
    for (const plan of plans.values()) if (`${plan.namespace}/${plan.spec.providerRef.name}` === key) planWork.add(plan.key);
  });
  plans.subscribe((key) => {
    planWork.add(key);
    for (const vm of migrations.ownedBy(plans.get(key)?.uid ?? '')) vmWork.add(vm.key);
  });
  migrations.subscribe((key) => {
    vmWork.add(key);
    const vm = migrations.get(key);
    if (vm !== undefined) planWork.addAfter(`${vm.namespace}/${vm.spec.planRef.name}`, GATHER);
  });
  for (const maps of [networkMaps, storageMaps]) {
    maps.subscribe(() => {
      for (const plan of plans.values()) planWork.add(plan.key);
    });
  }

  const synced = Promise.withResolvers<void>();
  const following = services.follow(signal, synced.resolve);
  await Promise.race([synced.promise, following]);
  const options = {
    grace: GRACE,
    signal,
    onFailure: (key: string, error: unknown, again: number) =>
      log.error({ key, again, cause: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a look failed'),
  };
  await Promise.all([
    following,
    providerWork.run({ ...options, workers: WORKERS.providers, work: (key, end) => ofProvider.reconcile(key, end) }),
    planWork.run({ ...options, workers: WORKERS.plans, work: (key, end) => ofPlan.reconcile(key, end) }),
    vmWork.run({ ...options, workers: WORKERS.vms, work: (key) => vms.reconcile(key) }),
  ]);
  await vms.settled();
}
