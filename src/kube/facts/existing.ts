/** Namespaces with their limits, and what stands in them already. */
import type { ClusterFacts, ExistingVm, LimitRangeFacts, QuotaFacts } from '../../model/cluster-facts.ts';
import { defined } from '../../model/defined.ts';
import { quantityOf } from '../../model/quantity.ts';
import { parseMac } from '../../model/units.ts';
import type { KubeObject } from '../client/kube-client.ts';
import { CLAIMS, INSTANCETYPES, LIMIT_RANGES, NAMESPACES, PREFERENCES, QUOTAS, VIRTUAL_MACHINES } from '../kinds.ts';
import { at, entriesAt, listAt, numberAt, oneOf, textAt } from './json.ts';
import type { FactsSource } from './source.ts';

const SOURCE_ID = 'kubeferry.dev/source-id';
/** VMs are large, names are small. */
const VMS = { pageSize: 100 };
const NAMES = { metadataOnly: true, pageSize: 1000 };

type Existing = Pick<
  ClusterFacts,
  'namespaces' | 'preferences' | 'instancetypes' | 'virtualMachines' | 'claims' | 'quotas' | 'limitRanges'
>;

export async function readExisting(source: FactsSource): Promise<Existing> {
  const { within } = source;
  const [namespaces, preferences, instancetypes, virtualMachines, claims, quotas, limitRanges] = await Promise.all([
    source.collect(NAMESPACES, ({ metadata: { name, labels } }) => ({ name, ...defined({ labels }) }), NAMES),
    source.collect(PREFERENCES, ({ metadata }) => metadata.name, NAMES),
    source.collect(INSTANCETYPES, instancetypeOf),
    source.collect(VIRTUAL_MACHINES, vmOf, { ...VMS, ...within }),
    source.collect(CLAIMS, ({ metadata: { namespace = '', name } }) => ({ namespace, name }), { ...NAMES, ...within }),
    source.collect(QUOTAS, quotaOf, within),
    source.collect(LIMIT_RANGES, limitsOf, within),
  ]);
  return defined({
    namespaces,
    preferences,
    instancetypes,
    virtualMachines,
    claims,
    quotas,
    limitRanges: limitRanges?.flat(),
  });
}

function instancetypeOf(object: KubeObject): { name: string; cpus: number; memory: number } | undefined {
  const cpus = numberAt(object, 'spec', 'cpu', 'guest');
  const memory = quantityOf(textAt(object, 'spec', 'memory', 'guest') ?? '');
  return cpus === undefined || memory === undefined ? undefined : { name: object.metadata.name, cpus, memory };
}

function vmOf(object: KubeObject): ExistingVm {
  const { namespace = '', name, annotations } = object.metadata;
  const interfaces = listAt(object, 'spec', 'template', 'spec', 'domain', 'devices', 'interfaces');
  const macs = interfaces.flatMap((one) => parseMac(textAt(one, 'macAddress') ?? '') ?? []);
  return {
    namespace,
    name,
    ...defined({ macs: macs.length === 0 ? undefined : macs, sourceId: annotations?.[SOURCE_ID] || undefined }),
  };
}

/** One with scopes counts only some of what is in its namespace, so it is left out. */
function quotaOf(object: KubeObject): QuotaFacts | undefined {
  if (listAt(object, 'spec', 'scopes').length > 0 || at(object, 'spec', 'scopeSelector') !== undefined) return undefined;
  const { namespace = '', name } = object.metadata;
  const used = quantitiesAt(object, 'status', 'used');
  return { namespace, name, hard: quantitiesAt(object, 'spec', 'hard') ?? {}, ...defined({ used }) };
}

function limitsOf(object: KubeObject): readonly LimitRangeFacts[] {
  const { namespace = '', name } = object.metadata;
  return listAt(object, 'spec', 'limits').flatMap((item) => {
    const type = oneOf(['Pod', 'Container', 'PersistentVolumeClaim'], textAt(item, 'type'));
    if (type === undefined) return [];
    return [{ namespace, name, type, ...defined({ min: quantitiesAt(item, 'min'), max: quantitiesAt(item, 'max') }) }];
  });
}

/** Undefined where there is no such member. */
function quantitiesAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, number>> | undefined {
  if (at(value, ...path) === undefined) return undefined;
  return Object.fromEntries(
    entriesAt(value, ...path).flatMap(([resource, text]) => {
      const quantity = quantityOf(String(text));
      return quantity === undefined ? [] : [[resource, quantity] as const];
    }),
  );
}
