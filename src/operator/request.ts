import { tableMistakes } from '../assess/table-mistakes.ts';
import type { ClusterFacts } from '../model/cluster-facts.ts';
import { MigrationError } from '../model/errors.ts';
import type { MachineType } from '../model/manifest.ts';
import type { AttachmentTarget, MappingOptions, NetworkMap, NetworkTarget, StorageMap, StorageSource } from '../model/mapping.ts';
import { quantityOf } from '../model/quantity.ts';
import type { PrepareRequest } from '../prepare.ts';
import { guestTermsOf } from '../resources/guest-spec.ts';
import type { NetworkMapSpec, StorageMapSpec } from '../resources/maps.ts';
import { groupsOf } from './schedule.ts';
import type { PlanResource, Services } from './services.ts';

/**
 * What a plan means to prepare().
 * @throws MigrationError `config-invalid` for maps that are missing and tables that make no sense
 */
export function requestOf(
  plan: PlanResource,
  facts: ClusterFacts,
  services: Pick<Services, 'networkMaps' | 'storageMaps'>,
): PrepareRequest {
  const { selection } = plan.spec;
  const request: PrepareRequest = {
    vms: [...(selection.names ?? []), ...(selection.ids ?? [])],
    ...(selection.where !== undefined && { select: selection.where }),
    type: plan.spec.type,
    groups: groupsOf(plan.spec),
    guests: guestTermsOf(plan.spec.guest),
    commit: plan.spec.commit?.mode === 'manual',
    ...(plan.spec.sourceAfterCommit && { afterCommit: plan.spec.sourceAfterCommit }),
    networkMap: networkMapOf(plan, services),
    storageMap: storageMapOf(plan, services),
    facts,
    options: optionsOf(plan),
    forecast: {},
  };
  const mistakes = tableMistakes(request);
  if (mistakes.length > 0) throw new MigrationError('config-invalid', mistakes.join(' '));
  return request;
}

function networkMapOf({ namespace, spec }: PlanResource, { networkMaps }: Pick<Services, 'networkMaps'>): NetworkMap {
  const { ref, entries } = spec.networkMap ?? { entries: [] };
  const found = ref === undefined ? entries : networkMaps.get(`${namespace}/${ref.name}`)?.spec.entries;
  if (found === undefined) throw new MigrationError('config-invalid', `There is no NetworkMap ${ref?.name}.`);
  return { entries: found.map(({ source, target }) => ({ source, target: networkTarget(target) })) };
}

function networkTarget({ type, namespace, name, pool }: NetworkMapSpec['entries'][number]['target']): NetworkTarget {
  if (type !== 'multus' && type !== 'sriov') return { type };
  const about = { type, ...(namespace !== undefined && { namespace }) };
  const attachment: AttachmentTarget | undefined =
    name !== undefined ? { ...about, name } : pool === undefined ? undefined : { ...about, pool };
  if (attachment === undefined) throw new MigrationError('config-invalid', `${type} needs either name or pool.`);
  return attachment;
}

function storageMapOf({ namespace, spec }: PlanResource, { storageMaps }: Pick<Services, 'storageMaps'>): StorageMap {
  const { ref, entries } = spec.storageMap ?? { entries: [] };
  const found = ref === undefined ? entries : storageMaps.get(`${namespace}/${ref.name}`)?.spec.entries;
  if (found === undefined) throw new MigrationError('config-invalid', `There is no StorageMap ${ref?.name}.`);
  return { entries: found.map(({ source, target }) => ({ source: storageSource(source), target })) };
}

/** The definition has objects only: `*` there is what the text `*` is elsewhere, every storage. */
function storageSource({ storage, ...rest }: StorageMapSpec['entries'][number]['source']): StorageSource {
  if (storage === undefined || storage === '*') return Object.keys(rest).length === 0 ? '*' : rest;
  return { storage, ...rest };
}

/** Where the VMs of a plan are made. */
export function namespaceOf({ namespace, spec }: PlanResource): string {
  return spec.target?.namespace ?? namespace;
}

function optionsOf(plan: PlanResource): MappingOptions {
  const { memory, machineType, devices = 'virtio', ...rest } = plan.spec.options ?? {};
  const bytes = memory === undefined ? undefined : quantityOf(memory);
  return {
    ...rest,
    devices,
    namespace: namespaceOf(plan),
    ...(bytes !== undefined && { memory: bytes }),
    ...(machineType !== undefined && { machineType: machineType === 'q35' ? machineType : machineOf(machineType) }),
  };
}

function machineOf(text: string): MachineType {
  const version = /^pc-q35-([a-z0-9.-]+)$/.exec(text)?.[1];
  if (version === undefined) throw new MigrationError('config-invalid', `${text} is no machine type.`);
  return `pc-q35-${version}`;
}
