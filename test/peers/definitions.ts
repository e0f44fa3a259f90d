/**
 * CustomResourceDefinitions of KubeVirt's neighbours, from the Go modules that `crds/go.mod` pins: ready-made files where a module holds them,
 * generated from CDI's published types with the generator that CDI itself uses (so without the two populators that are not among them).
 * KubeVirt's own definitions are printed by its peer (kubevirt.ts).
 */
import { execFile } from 'node:child_process';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { buildPeer, goEnvironment } from './build.ts';
import { remember } from './remember.ts';

/** As much of a CustomResourceDefinition as tests look at. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean; readonly storage: boolean }[];
  };
}

const FOLDER = join(import.meta.dirname, 'crds');
const CDI_TYPES = 'kubevirt.io/containerized-data-importer-api/pkg/apis/core/v1beta1';
const GENERATOR = 'sigs.k8s.io/controller-tools/cmd/controller-gen';
const MULTUS = 'github.com/k8snetworkplumbingwg/network-attachment-definition-client';
const SNAPSHOTTER = 'github.com/kubernetes-csi/external-snapshotter/client/v8';
/** A module by itself: its dependencies have nothing to do with those of the others. */
const MONITORING = {
  folder: join(import.meta.dirname, 'prometheus-operator'),
  module: 'github.com/prometheus-operator/prometheus-operator',
};
const MAX_OUTPUT = 16 * 1024 * 1024;

/** DataVolume, DataSource, StorageProfile, CDIConfig, CDI and the rest of `cdi.kubevirt.io`. */
export async function cdiDefinitions(signal?: AbortSignal): Promise<readonly CustomResourceDefinition[]> {
  const generator = await buildGenerator();
  const generate = () => runInModule(generator, ['crd', `paths=${CDI_TYPES}`, 'output:crd:stdout'], signal);
  return parse(await remember(generator, 'cdi.yaml', generate));
}

/** The generator of definitions that CDI uses. */
export async function buildGenerator(): Promise<string> {
  return await buildPeer('crds', { package: GENERATOR });
}

/** NetworkAttachmentDefinition. */
export async function multusDefinitions(signal?: AbortSignal): Promise<readonly CustomResourceDefinition[]> {
  return await published(MULTUS, 'artifacts/networks-crd.yaml', signal);
}

/** VolumeSnapshot, VolumeSnapshotContent and VolumeSnapshotClass. */
export async function snapshotDefinitions(signal?: AbortSignal): Promise<readonly CustomResourceDefinition[]> {
  return await published(SNAPSHOTTER, 'config/crd/snapshot.storage.k8s.io_*.yaml', signal);
}

/** PodMonitor, ServiceMonitor and PrometheusRule. */
export async function monitoringDefinitions(signal?: AbortSignal): Promise<readonly CustomResourceDefinition[]> {
  const files = 'example/prometheus-operator-crd/monitoring.coreos.com_{podmonitors,servicemonitors,prometheusrules}.yaml';
  return await published(MONITORING.module, files, signal, MONITORING.folder);
}

/** Definitions that a module holds as files; Go downloads it when it is not there yet. */
async function published(
  module: string,
  pattern: string,
  signal: AbortSignal | undefined,
  folder = FOLDER,
): Promise<readonly CustomResourceDefinition[]> {
  const said = await runInModule('go', ['mod', 'download', '-json', module], signal, folder);
  const { Dir }: { readonly Dir: string } = JSON.parse(said);
  const files = await Array.fromAsync(glob(pattern, { cwd: Dir }));
  const texts = await Promise.all(files.toSorted().map((file) => readFile(join(Dir, file), 'utf8')));
  return texts.flatMap(parse);
}

async function runInModule(
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
  cwd = FOLDER,
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd,
    env: { ...goEnvironment(), GOFLAGS: '-mod=readonly' },
    maxBuffer: MAX_OUTPUT,
    ...(signal === undefined ? {} : { signal }),
  });
  return stdout;
}

function parse(text: string): readonly CustomResourceDefinition[] {
  return parseAllDocuments(text)
    .map((document): CustomResourceDefinition | null => document.toJS())
    .filter((found) => found !== null);
}
