/** Which VMs are cut over together, kept up with change by change: who asks for its companions never looks at all VMs of a plan. */
import type { Companion } from '../contracts/wishes.ts';
import type { Phase } from '../model/phase.ts';
import type { PlanResource, VmResource } from './services.ts';

interface Member {
  readonly group: string;
  readonly phase: string | undefined;
}

export class Groups {
  readonly #members = new Map<string, Member>();
  readonly #groups = new Map<string, Set<string>>();

  /** @param vm absent when it is gone @returns keys of the others, where the change may mean something to them */
  update(key: string, vm: VmResource | undefined): readonly string[] {
    const before = this.#members.get(key);
    const group = vm === undefined ? undefined : groupOf(vm);
    if (before !== undefined && before.group !== group) this.#leave(key, before.group);
    if (vm === undefined || group === undefined) return before === undefined ? [] : this.#others(key, before.group);
    const { phase } = vm.status ?? {};
    this.#members.set(key, { group, phase });
    const members = this.#groups.get(group) ?? new Set();
    members.add(key);
    this.#groups.set(group, members);
    return before?.group === group && before.phase === phase ? [] : this.#others(key, group);
  }

  /**
   * The other VMs of its group, as far as the plan names them there still: one that was taken out of it holds nobody back.
   * @param newest how a VM stands, by its key
   */
  companions(
    vm: VmResource,
    plan: Pick<PlanResource, 'spec'> | undefined,
    newest: (key: string) => VmResource | undefined,
  ): readonly Companion[] {
    const group = groupOf(vm);
    const named = new Set(plan?.spec.groups?.find(({ name }) => name === vm.status?.group)?.vms);
    if (group === undefined || !(named.has(vm.spec.vm.name) || named.has(vm.spec.vm.id))) return [];
    return this.#others(vm.key, group).flatMap((key) => {
      const other = newest(key);
      if (other === undefined || !(named.has(other.spec.vm.name) || named.has(other.spec.vm.id))) return [];
      const { phase, warm } = other.status ?? {};
      const type = warm === undefined ? 'cold' : 'warm';
      // A phase of a later version is none that anybody waits for.
      return [{ name: other.spec.vm.name, type, ...(phase !== undefined && { phase: phase as Phase }) }];
    });
  }

  #others(key: string, group: string): readonly string[] {
    return [...(this.#groups.get(group) ?? [])].filter((each) => each !== key);
  }

  #leave(key: string, group: string): void {
    this.#members.delete(key);
    const members = this.#groups.get(group);
    members?.delete(key);
    if (members?.size === 0) this.#groups.delete(group);
  }
}

/** Names of groups are unique in a plan. */
function groupOf({ namespace, spec, status }: VmResource): string | undefined {
  return status?.group === undefined ? undefined : `${namespace}/${spec.planRef.name} ${status.group}`;
}
