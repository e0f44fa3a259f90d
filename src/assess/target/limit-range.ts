import { quantityOf } from '../../model/quantity.ts';
import { formatBytes } from '../../model/units.ts';
import { DOMAIN, type TargetRule } from '../target-rule.ts';

/** `more than the 2.00 GiB`; undefined for a size that fits or is not known. */
function outside(
  size: number | undefined,
  { min, max }: { readonly min: number | undefined; readonly max: number | undefined },
): string | undefined {
  if (size === undefined) return undefined;
  if (max !== undefined && size > max) return `more than the ${formatBytes(max)}`;
  return min !== undefined && size < min ? `less than the ${formatBytes(min)}` : undefined;
}

export const rule: TargetRule = {
  id: 'limit-range',
  category: 'Critical',
  label: 'Outside the namespace’s limits',
  about: 'A LimitRange of the namespace allows other sizes: the claim or the VM’s pod is refused.',
  subject: 'PersistentVolumeClaim/spec.resources',
  remedy: 'Change the LimitRange, or choose another namespace.',
  check({ machine, claims, namespace, index }) {
    const ranges = namespace === undefined ? undefined : index.limitRanges.get(namespace);
    if (ranges === undefined) return [];
    const guest = quantityOf(machine.spec.template.spec.domain.memory?.guest ?? '');
    return ranges.flatMap(({ name, type, min, max }) => {
      if (type === 'PersistentVolumeClaim') {
        return claims.flatMap((claim) => {
          const size = quantityOf(claim.spec.resources.requests.storage);
          const wrong = outside(size, { min: min?.['storage'], max: max?.['storage'] });
          return wrong === undefined
            ? []
            : [
                {
                  subject: `PersistentVolumeClaim/${claim.metadata.name}/spec.resources`,
                  assessment: `${claim.spec.resources.requests.storage} is ${wrong} that ${namespace}’s LimitRange ${name} allows a claim.`,
                },
              ];
        });
      }
      const wrong = outside(guest, { min: undefined, max: max?.['memory'] });
      return wrong === undefined
        ? []
        : [
            {
              subject: `${DOMAIN}.memory.guest`,
              assessment: `The guest’s memory is ${wrong} that ${namespace}’s LimitRange ${name} allows a ${type.toLowerCase()}.`,
            },
          ];
    });
  },
};
