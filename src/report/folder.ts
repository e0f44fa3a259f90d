/** The files of a GitOps-ready folder, as names and contents. Who writes them is not decided here. */
import type { Manifest, SharedManifest } from '../model/manifest.ts';
import type { VmPlan } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import { renderHtml, renderVmHtml } from './html/index.ts';
import { jsonParts } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { withLocalPictures } from './pictures.ts';
import { renderYaml } from './yaml.ts';

export interface TextFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  /** In pieces where it may be longer than a string can be. Made when it is asked for: a large fleet's files are never all in memory. */
  readonly content: string | Iterable<string>;
}

/** Manifests and kustomization of one VM, below a folder with its target name. */
export function vmFiles({ mapping }: VmPlan): readonly TextFile[] {
  const manifests = mapping.manifests.map((manifest) => ({ path: fileName(manifest), content: renderYaml(manifest) }));
  return [...manifests, { path: 'kustomization.yaml', content: kustomization(manifests.map(({ path }) => path)) }].map(
    (file) => ({
      ...file,
      path: `${mapping.targetName}/${file.path}`,
    }),
  );
}

/**
 * What ties the VMs together: the top kustomization over `vms` (target names), the networks they share and the report.
 * @param folder absolute path of where they will lie: pictures below it are shown
 */
export function runFiles(whole: Report, vms: readonly string[], folder: string): readonly TextFile[] {
  const report = withLocalPictures(whole, folder);
  const networks = networkFiles(report);
  return [
    { path: 'kustomization.yaml', content: kustomization([...(networks.length === 0 ? [] : [networkFolder(report)]), ...vms]) },
    ...networks,
    lazy('report.json', () => jsonParts(report, 'full')),
    lazy('report.html', () => renderHtml(report, 'full', { pages: true })),
    lazy('report.md', () => renderMarkdown(report, 'full')),
    ...report.vms.map((entry) => lazy(`${entry.plan.mapping.targetName}/report.html`, () => renderVmHtml(entry, report))),
  ];
}

/** An object as it is applied; where it has no namespace, whoever applies it says which. */
interface AppliedResource {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * The same migration as custom resources, in a folder of its own: they make the operator do what the manifests of the other folders are the
 * outcome of, so that only one of both is applied.
 * @param secrets that nobody should keep in Git
 */
export function planFiles(report: Report, objects: readonly AppliedResource[], secrets: NamedSecrets): readonly TextFile[] {
  const folder = freeFolder(report, 'plan');
  const files = objects.map((object) => ({ path: `${object.kind.toLowerCase()}.yaml`, content: renderYaml(object) }));
  return [
    ...files,
    { path: 'kustomization.yaml', content: `${secretRemarks(secrets)}${kustomization(files.map(({ path }) => path))}` },
  ].map(({ path, content }) => ({ path: `${folder}/${path}`, content }));
}

/** The same for `kubectl apply -f -`. */
export function planYaml(objects: readonly AppliedResource[], secrets: NamedSecrets): string {
  return `${secretRemarks(secrets)}${objects.map(renderYaml).join('---\n')}`;
}

/** By what they are for. */
interface NamedSecrets {
  readonly login?: string;
  readonly guestKeys?: string;
}

function secretRemarks({ login, guestKeys }: NamedSecrets): string {
  const lines = [
    ...(login === undefined
      ? []
      : [
          `# The login of the source is not in here. Make it once, in the namespace of the plan:`,
          `#   kubectl create secret generic ${login} --from-literal=user=... --from-file=password=...`,
          `# and where the server needs it --from-file=ca.crt=... or --from-literal=thumbprint=...`,
        ]),
    ...(guestKeys === undefined
      ? []
      : [
          `# The passphrases of encrypted volumes are not in here either. In the same namespace:`,
          `#   kubectl create secret generic ${guestKeys} --from-file=keys=...`,
        ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function lazy(path: string, make: () => TextFile['content']): TextFile {
  return {
    path,
    get content() {
      return make();
    },
  };
}

function networkFiles(report: Report): readonly TextFile[] {
  const { networks = [] } = report;
  if (networks.length === 0) return [];
  const folder = networkFolder(report);
  const manifests = networks.map(({ manifest }) => ({ path: fileName(manifest), content: renderYaml(manifest) }));
  const files = [...manifests, { path: 'kustomization.yaml', content: kustomization(manifests.map(({ path }) => path)) }];
  return files.map(({ path, content }) => ({ path: `${folder}/${path}`, content }));
}

function networkFolder(report: Report): string {
  return freeFolder(report, 'networks');
}

/** The name itself, unless a VM has it. */
function freeFolder({ vms }: Report, name: string): string {
  const taken = new Set(vms.map(({ plan }) => plan.mapping.targetName));
  let folder = name;
  while (taken.has(folder)) folder = `shared-${folder}`;
  return folder;
}

function fileName({ kind, metadata }: Manifest | SharedManifest): string {
  return kind === 'VirtualMachine' ? 'virtualmachine.yaml' : `${kind.toLowerCase()}-${metadata.name}.yaml`;
}

function kustomization(resources: readonly string[]): string {
  return renderYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}
