/** Keeps up with plans and their VMs by lists and watches. Of each object only what is shown is kept, so that ten thousand VMs are a few megabytes. */
import type { Clock } from '../../contracts/clock.ts';
import type { PlanChange, PlanScope, PlanWatch } from '../../contracts/plans.ts';
import { compareNames } from '../../model/natural-order.ts';
import type { PlanRef, PlanState, VmState } from '../../model/plan-state.ts';
import { planLabels } from '../../resources/plan-labels.ts';
import type { KubeClient, KubeObject, ResourceType, Selection } from '../client/kube-client.ts';
import { Informer } from '../runtime/informer.ts';
import { type Change, keyOf } from '../runtime/object-store.ts';
import { notInstalled } from './installed.ts';
import { planState, vmState, withProvider } from './states.ts';

interface FollowContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly types: { readonly PLANS: ResourceType; readonly VMS: ResourceType; readonly PROVIDERS: ResourceType };
}

export function followPlans(
  { namespace, plan }: PlanScope,
  { client, clock, types }: FollowContext,
  signal: AbortSignal,
): PlanWatch {
  const listeners: ((change: PlanChange) => void)[] = [];
  const failed = Promise.withResolvers<never>();
  let first = true;

  function informer<T>(
    type: ResourceType,
    options: {
      readonly only?: Pick<Selection, 'fields' | 'labels'>;
      readonly project: (object: KubeObject) => T | undefined;
      readonly seen: (change: Change<T | undefined>) => void;
    },
  ) {
    const { only, project, seen } = options;
    const selection = { ...(namespace !== undefined && { namespace }), ...only };
    return new Informer({
      ...{ client, type, selection, project, clock, random: Math.random, onChange: seen },
      // Before anything was shown, trouble ends the command; later it is outlasted.
      onTrouble: (error) =>
        first
          ? failed.reject(notInstalled(error))
          : tell({ kind: 'trouble', message: error instanceof Error ? error.message : String(error) }),
    });
  }
  const tell = (change: PlanChange): void => {
    for (const listener of listeners) listener(change);
  };
  const plans = informer<PlanState>(types.PLANS, {
    ...(plan !== undefined && { only: { fields: `metadata.name=${plan}` } }),
    project: planState,
    seen: ({ type, value, before }) =>
      tell({ kind: 'plan', ...(type !== 'deleted' && value && { now: value }), ...(before && { before }) }),
  });
  const providers = informer<KubeObject>(types.PROVIDERS, { project: (object) => object, seen: () => undefined });
  const vms = informer<VmState>(types.VMS, {
    ...(plan !== undefined && { only: { labels: labelsOf(plan) } }),
    project: (object) => ofPlan(vmState(object), plan),
    seen: ({ type, value, before }) => {
      if (value === undefined && before === undefined) return;
      tell({ kind: 'vm', ...(type !== 'deleted' && value && { now: value }), ...(before && { before }) });
    },
  });
  const running = [plans, providers, ...(plan === undefined ? [] : [vms])];
  const ended = Promise.all(running.map((each) => each.run(signal))).then(() => undefined);
  const synced = Promise.race([Promise.all(running.map((each) => each.synced)), failed.promise, ended]).then(() => {
    first = false;
  });
  return {
    plans: () =>
      known(plans.objects.values()).map((state) =>
        state.state === 'ProviderNotReady'
          ? withProvider(state, providers.objects.get(keyOf({ namespace: state.namespace, name: state.provider })))
          : state,
      ),
    vms: () => known(vms.objects.values()),
    synced,
    subscribe: (listener) => listeners.push(listener),
    ended,
  };
}

/** Selector of the VmMigrations of a plan. */
export function labelsOf(plan: string): string {
  return Object.entries(planLabels(plan))
    .map(([label, value]) => `${label}=${value}`)
    .join();
}

function ofPlan(vm: VmState, plan: string | undefined): VmState | undefined {
  return vm.plan === plan ? vm : undefined;
}

function known<T extends PlanRef>(all: Iterable<T | undefined>): readonly T[] {
  return [...all].filter((one) => one !== undefined).toSorted(byName);
}

export function byName(a: PlanRef, b: PlanRef): number {
  return compareNames(a.namespace, b.namespace) || compareNames(a.name, b.name);
}
