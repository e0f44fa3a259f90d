/**
 * Rules about what a VM becomes: target/<id>.ts, listed in target-rules.ts. KubeVirt's admission lets many wrong machines through,
 * some of which start wrongly and some not at all; and no admission knows quotas, nodes or whether a claim exists.
 */
import type { ClusterFacts } from '../model/cluster-facts.ts';
import type { PersistentVolumeClaim } from '../model/manifest.ts';
import type { SourceVm } from '../model/vm.ts';
import type { FactsIndex } from './facts-index.ts';
import type { UsedField } from './known-fields.ts';
import type { Finding, RuleWords } from './rule.ts';

export interface Target {
  readonly vm: SourceVm;
  readonly machine: MachineView;
  /** Fields of the machine that not every KubeVirt has. */
  readonly unusual: readonly UsedField[];
  readonly claims: readonly PersistentVolumeClaim[];
  /** Where all of it is created; absent: not known before `kubectl -n`. */
  readonly namespace: string | undefined;
  readonly facts: ClusterFacts;
  readonly index: FactsIndex;
}

/** Judges the manifests of one VM. Subjects are paths as Decisions write them: `VirtualMachine/spec.template.spec.domain.cpu`. */
export interface TargetRule extends RuleWords {
  check(target: Target): readonly Finding[];
}

/** Where nearly every field of a VirtualMachine is. */
export const TEMPLATE = 'VirtualMachine/spec.template.spec';
export const DOMAIN = `${TEMPLATE}.domain`;

/**
 * A VirtualMachine as rules look at it: what the API allows, not only what mapping writes (src/model/manifest.ts), so that a rule
 * holds whatever mapping learns to write.
 */
export interface MachineView {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly instancetype?: { readonly name: string; readonly kind?: string };
    readonly preference?: { readonly name: string; readonly kind?: string };
    readonly template: { readonly spec: TemplateView };
  };
}

export interface TemplateView {
  readonly evictionStrategy?: string;
  readonly domain: DomainView;
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

export interface DomainView {
  readonly cpu?: {
    readonly sockets?: number;
    readonly cores?: number;
    readonly threads?: number;
    readonly features?: readonly { readonly name: string; readonly policy?: string }[];
  };
  readonly memory?: { readonly guest?: string; readonly hugepages?: { readonly pageSize: string } };
  readonly resources?: {
    readonly requests?: { readonly cpu?: string; readonly memory?: string };
    readonly limits?: { readonly cpu?: string; readonly memory?: string };
  };
  readonly firmware?: {
    readonly uuid?: string;
    readonly bootloader?: { readonly bios?: object; readonly efi?: { readonly persistent?: boolean } };
  };
  readonly clock?: { readonly utc?: object; readonly timezone?: string };
  readonly features?: { readonly hyperv?: { readonly [F in HypervPart]?: unknown } };
  readonly devices?: {
    readonly disks?: readonly DiskView[];
    readonly interfaces?: readonly {
      readonly name: string;
      readonly macAddress?: string;
    }[];
    readonly tpm?: { readonly persistent?: boolean };
  };
}

/** Those that need, or are needed by, another one. */
export type HypervPart = 'vpindex' | 'synic' | 'synictimer' | 'frequencies' | 'reenlightenment';

export interface DiskView {
  readonly name: string;
  readonly lun?: { readonly bus?: string };
}
