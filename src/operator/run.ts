import { Admission } from './admission.ts';
import { Groups } from './groups.ts';
import { PlanController } from './plan-controller.ts';
import { ProviderController } from './provider-controller.ts';
import type { PlanResource, Services } from './services.ts';
import { Sources } from './sources.ts';
import { Tally } from './tally.ts';
import { VmController } from './vm-controller.ts';

/** Milliseconds that a look may go on after the operator was asked to end. */
const GRACE = 5000;
/** Milliseconds over which changes of many VMs become one look at their plan: its status is written so often at most. */
const GATHER = 1000;
const WORKERS = { providers: 8, plans: 4, vms: 8 };

/** Works until the signal aborts. VMs that are under way stay where they are, and their workers go on. */
export async function run(services: Services, signal: AbortSignal): Promise<void> {
  const { providers, plans, migrations, networkMaps, storageMaps, log } = services;
  const [providerWork, planWork, vmWork] = [services.work('providers'), services.work('plans'), services.work('vms')];
  await using sources = new Sources(services, signal, (key) => providerWork.addAfter(key, GATHER));
  const tally = new Tally();
  const groups = new Groups();
  let nodes: number | undefined;
  const admission = new Admission(services.admissionObserver);
  const vms = new VmController(services, {
    ...{ sources, admission, leave: signal, nodes: () => nodes, groups },
    again: (key, later) => vmWork.addAfter(key, later),
  });
  const wake = (plan: PlanResource): void => {
    for (const vm of migrations.ownedBy(plan.uid)) vmWork.add(vm.key);
  };
  const ofProvider = new ProviderController(services, sources);
  const ofPlan = new PlanController(services, {
    ...{ sources, tally, wake },
    gone: (plan) => admission.forget(plan),
    onFacts: (facts) => {
      nodes = facts.nodes?.count ?? nodes;
    },
  });

  /** What a plan or a provider wishes is looked at at once; what only its status says, with the next look. */
  const wishes = new Map<string, string>();
  const isNewWish = (key: string, now: { readonly uid: string; readonly generation: number } | undefined): boolean => {
    const wish = `${now?.uid} ${now?.generation}`;
    if (wishes.get(key) === wish) return false;
    if (now === undefined) wishes.delete(key);
    else wishes.set(key, wish);
    return true;
  };
  providers.subscribe((key) => {
    const provider = providers.get(key);
    const isNew = isNewWish(`provider ${key}`, provider);
    if (isNew || provider?.deleting !== false) providerWork.add(key);
    for (const plan of plans.values()) {
      if (`${plan.namespace}/${plan.spec.providerRef.name}` !== key) continue;
      planWork.addAfter(plan.key, GATHER);
      if (isNew) wake(plan);
    }
  });
  plans.subscribe((key) => {
    const plan = plans.get(key);
    if (isNewWish(`plan ${key}`, plan) || plan?.deleting !== false) planWork.add(key);
    else planWork.addAfter(key, GATHER);
  });
  migrations.subscribe((key) => {
    const vm = migrations.get(key);
    const before = tally.planOf(key);
    tally.update(key, vm);
    vmWork.add(key);
    for (const companion of groups.update(key, vm)) vmWork.add(companion);
    const plan = tally.planOf(key) ?? before;
    if (plan !== undefined) planWork.addAfter(plan, GATHER);
  });
  for (const maps of [networkMaps, storageMaps]) {
    maps.subscribe(() => {
      for (const plan of plans.values()) planWork.add(plan.key);
    });
  }

  const synced = Promise.withResolvers<void>();
  const following = services.follow(signal, synced.resolve);
  await Promise.race([synced.promise, following]);
  if ([...plans.values()].some(({ spec }) => spec.limits?.perNode !== undefined))
    nodes = (await services.readFacts(signal).catch(() => undefined))?.facts.nodes?.count;
  if (!signal.aborted) vms.adopt();
  const options = {
    grace: GRACE,
    signal,
    onFailure: (key: string, error: unknown, again: number) =>
      log.error({ key, again, cause: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a look failed'),
  };
  await Promise.all([
    following,
    vms.clearCanceled(),
    providerWork.run({ ...options, workers: WORKERS.providers, work: (key, end) => ofProvider.reconcile(key, end) }),
    planWork.run({ ...options, workers: WORKERS.plans, work: (key, end) => ofPlan.reconcile(key, end) }),
    vmWork.run({ ...options, workers: WORKERS.vms, work: (key, end) => vms.reconcile(key, end) }),
  ]);
  await vms.settled();
}
