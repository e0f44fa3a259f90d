/**
 * The custom resources of kubeferry.dev/v1alpha1. Their schemas stand here once: types, validation, the definitions in deploy/crds and the page
 * of reference are made from them. Pure; nothing here talks to a cluster.
 */
import type { Kind } from './kind.ts';
import { NETWORK_MAP, STORAGE_MAP } from './maps.ts';
import { MIGRATION_PLAN } from './migration-plan.ts';
import { PROVIDER } from './provider.ts';
import { VM_MIGRATION } from './vm-migration.ts';

/** In the order in which people meet them. */
export const KINDS: readonly Kind[] = [PROVIDER, NETWORK_MAP, STORAGE_MAP, MIGRATION_PLAN, VM_MIGRATION];
