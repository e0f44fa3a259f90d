/** The files of a GitOps-ready folder, as names and contents. Who writes them is not decided here. */
import type { Manifest } from '../model/manifest.ts';
import type { VmPlan } from '../model/plan.ts';
import type { Report } from '../model/report.ts';
import { renderHtml } from './html/index.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import { renderYaml } from './yaml.ts';

export interface TextFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly content: string;
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

/** What ties the VMs together: the top kustomization over `vms` (target names) and the report. */
export function runFiles(report: Report, vms: readonly string[]): readonly TextFile[] {
  return [
    { path: 'kustomization.yaml', content: kustomization(vms) },
    { path: 'report.json', content: renderJson(report, 'full') },
    { path: 'report.html', content: renderHtml(report, 'full') },
    { path: 'report.md', content: renderMarkdown(report, 'full') },
  ];
}

function fileName({ kind, metadata }: Manifest): string {
  return kind === 'VirtualMachine' ? 'virtualmachine.yaml' : `${kind.toLowerCase()}-${metadata.name}.yaml`;
}

function kustomization(resources: readonly string[]): string {
  return renderYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}
