/** XML namespaces of OVF and of the tools that extend it, folded into the few vocabularies that this reader tells apart. */

/**
 * `cim` are the resource and system settings (rasd, vssd, sasd, epasd), which are read by local name only.
 * `none` is an unprefixed name without default namespace: attributes and whole bodies are written so by several exporters.
 */
export type Vocabulary = 'ovf' | 'cim' | 'vmw' | 'vbox' | 'xsi' | 'none' | 'other';

export type OvfVersion = '0.9' | '1' | '2';

/** Envelope namespaces: 0.9 is VMware's draft; oVirt writes version 1 with a slash at the end; DSP0243 §5 for 1 and 2. */
const OVF_VERSIONS: ReadonlyMap<string, OvfVersion> = new Map([
  ['http://www.vmware.com/schema/ovf/1/envelope', '0.9'],
  ['http://schemas.dmtf.org/ovf/envelope/1', '1'],
  ['http://schemas.dmtf.org/ovf/1/envelope', '1'],
  ['http://schemas.dmtf.org/ovf/envelope/2', '2'],
]);

const VMWARE = 'http://www.vmware.com/schema/ovf';
const VIRTUALBOX = 'http://www.virtualbox.org/ovf/machine';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const CIM_SCHEMA = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2';

/** Prefixes that files use without declaring them. A declaration in the file always wins. */
export const ASSUMED_PREFIXES: Readonly<Record<string, string>> = {
  ovf: 'http://schemas.dmtf.org/ovf/envelope/1',
  rasd: `${CIM_SCHEMA}/CIM_ResourceAllocationSettingData`,
  vssd: `${CIM_SCHEMA}/CIM_VirtualSystemSettingData`,
  vmw: VMWARE,
  vbox: VIRTUALBOX,
  xsi: XSI,
};

/** Envelope version by namespace, undefined when the namespace is none of OVF's. */
export function ovfVersionOf(uri: string): OvfVersion | undefined {
  return OVF_VERSIONS.get(withoutSlash(uri));
}

export function vocabularyOf(uri: string): Vocabulary {
  if (uri === '') return 'none';
  const plain = withoutSlash(uri);
  if (OVF_VERSIONS.has(plain)) return 'ovf';
  if (plain === VMWARE) return 'vmw';
  if (plain === VIRTUALBOX) return 'vbox';
  if (plain === XSI) return 'xsi';
  return plain.startsWith('http://schemas.dmtf.org/wbem/wscim/1/') ? 'cim' : 'other';
}

function withoutSlash(uri: string): string {
  return uri.endsWith('/') ? uri.slice(0, -1) : uri;
}
