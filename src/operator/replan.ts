import type { Connection } from '../contracts/provider.ts';
import type { ClusterFacts } from '../model/cluster-facts.ts';
import { MigrationError } from '../model/errors.ts';
import type { VmPlan } from '../model/plan.ts';
import type { SourceVm, VmRef } from '../model/vm.ts';
import { prepareAgain } from '../prepare.ts';
import { isOpen, textOf } from './acceptance.ts';
import { namespaceOf, requestOf } from './request.ts';
import type { PlanResource, Services } from './services.ts';
import type { Source } from './sources.ts';

interface About {
  /** What the VM is to be; without a plan nobody can say. */
  readonly plan: PlanResource | undefined;
  readonly source: Source;
  readonly services: Services;
  readonly signal: AbortSignal;
}

/**
 * Plans a VM anew whose disks are others than they were: as it is at its source now, by what its MigrationPlan says now, under its own name. Its way
 * stays the same: what has begun warm comes to its end warm, in its group.
 * @throws MigrationError `disks-changed` where it cannot be migrated so, and what prepare() throws
 */
export async function replan(before: VmPlan, { plan, source, services, signal }: About): Promise<VmPlan> {
  const { ref } = before.vm;
  if (plan === undefined) throw refused(ref, 'its MigrationPlan is gone');
  const now = await source.connection.vm?.(ref, signal);
  if (now === undefined) throw refused(ref, 'it is gone');
  const { facts } = await services.readFacts(signal);
  const connection = withVm(source.inventory.connection, now);
  const request = requestOf(plan, withoutOwn(facts, before, namespaceOf(plan)), services);
  const entry = await prepareAgain(connection, before, request, { clock: services.clock, signal });
  const open = entry.concerns.filter((concern) => isOpen(concern, plan, ref));
  if (open.length > 0) throw refused(ref, textOf(open));
  const { itinerary, warm, group } = before;
  return { ...entry.plan, itinerary, ...(warm && { warm: entry.plan.warm ?? warm }), ...(group !== undefined && { group }) };
}

/**
 * The cluster as if nothing had been made for this VM yet: what is there of it stands in nobody's way. Quotas count it too; whether there is
 * room for more is seen when more is made.
 */
function withoutOwn({ quotas: _, ...facts }: ClusterFacts, { mapping }: VmPlan, namespace: string): ClusterFacts {
  const own = new Set(mapping.placements.map(({ claim }) => claim));
  const { claims, virtualMachines } = facts;
  const isOther = (one: { readonly namespace: string; readonly name: string }, names: (name: string) => boolean): boolean =>
    one.namespace !== namespace || !names(one.name);
  return {
    ...facts,
    ...(claims && { claims: claims.filter((claim) => isOther(claim, (name) => own.has(name))) }),
    ...(virtualMachines && {
      virtualMachines: virtualMachines.filter((vm) => isOther(vm, (name) => name === mapping.targetName)),
    }),
  };
}

/** What was told of the VM may be older than what it is. */
function withVm(connection: Connection, now: SourceVm): Connection {
  return {
    ...connection,
    async *vms(signal) {
      for await (const vm of connection.vms(signal)) yield vm.ref.id === now.ref.id ? now : vm;
    },
  };
}

function refused({ name }: VmRef, because: string): MigrationError {
  return new MigrationError('disks-changed', `The disks of ${name} changed, and it cannot be planned anew: ${because}.`, {
    vm: name,
    hint: 'Resolve it and retry the VM.',
  });
}
