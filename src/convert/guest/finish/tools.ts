/**
 * What a guest had for its old hypervisor: it is left installed and does nothing on the new one, so that the same disks would still work at the
 * source. Units of systemd get the condition that distributions give them anyway; links of System V init go. Pure.
 */
import type { ConversionChange } from '../../../model/conversion.ts';
import type { GuestEdit, GuestPlan, GuestText } from './edit.ts';

interface Tools {
  readonly name: string;
  /** In the words of systemd.unit(5), ConditionVirtualization. */
  readonly hypervisor: 'vmware' | 'microsoft' | 'oracle';
  readonly units: readonly string[];
  readonly scripts: readonly string[];
}

const TOOLS: readonly Tools[] = [
  {
    name: 'VMware tools',
    hypervisor: 'vmware',
    units: [
      'open-vm-tools.service',
      'vmtoolsd.service',
      'vgauth.service',
      'vgauthd.service',
      'vmware-tools.service',
      'vmware-tools-thinprint.service',
      'vmware-vmblock-fuse.service',
      'run-vmblock\\x2dfuse.mount',
    ],
    scripts: ['vmware-tools', 'vmware-tools-thinprint', 'open-vm-tools', 'vmtoolsd'],
  },
  {
    name: 'Hyper-V daemons',
    hypervisor: 'microsoft',
    units: [
      ...['hypervkvpd.service', 'hypervvssd.service', 'hypervfcopyd.service'],
      ...['hv-kvp-daemon.service', 'hv-vss-daemon.service', 'hv-fcopy-daemon.service'],
      ...['hv_kvp_daemon.service', 'hv_vss_daemon.service', 'hv_fcopy_daemon.service'],
    ],
    scripts: ['hypervkvpd', 'hypervvssd', 'hypervfcopyd', 'hv_kvp_daemon', 'hv_vss_daemon', 'hv_fcopy_daemon'],
  },
  {
    name: 'VirtualBox additions',
    hypervisor: 'oracle',
    units: ['vboxadd.service', 'vboxadd-service.service', 'virtualbox-guest-utils.service'],
    scripts: ['vboxadd', 'vboxadd-service', 'virtualbox-guest-utils'],
  },
];

export const TOOL_UNITS = TOOLS.flatMap(({ units }) => units);

export interface ToolFacts {
  /** Units of `TOOL_UNITS` that the guest has. */
  readonly units: readonly GuestText[];
  /** Links that start scripts of System V init: `/etc/rc3.d/S20vmware-tools`. */
  readonly startLinks: readonly string[];
  /** Jobs of upstart: `/etc/init/vmware-tools.conf`. */
  readonly upstartJobs: readonly string[];
  /** /etc/fstab. */
  readonly fstab: string;
}

export function planTools({ units, startLinks, upstartJobs, fstab }: ToolFacts): GuestPlan {
  const edits = TOOLS.flatMap((tools): GuestEdit[] => {
    const own = units.filter(({ path }) => tools.units.includes(nameOf(path)));
    const unbound = own.filter(({ text }) => !text.includes(`ConditionVirtualization=${tools.hypervisor}`));
    const names = new Set(unbound.map(({ path }) => nameOf(path)));
    const conditions = [...names].map((unit) => ({
      path: `/etc/systemd/system/${unit}.d/kubeferry.conf`,
      text: `[Unit]\nConditionVirtualization=${tools.hypervisor}\n`,
    }));
    // A unit of the same name stands in for the script.
    const scripts = tools.scripts.filter((script) => !own.some(({ path }) => nameOf(path) === `${script}.service`));
    const links = startLinks.filter((path) => scripts.includes(nameOf(path).replace(/^S\d\d/, '')));
    const jobs = upstartJobs.filter((path) => tools.scripts.includes(nameOf(path).replace(/\.conf$/, '')));
    const edited: GuestEdit[] = [
      ...conditions,
      ...links.map((path) => ({ path, remove: true as const })),
      ...jobs.map((path) => ({ path: path.replace(/\.conf$/, '.override'), text: 'manual\n' })),
    ];
    return told(edited, {
      subject: 'tools',
      what: `The ${tools.name} stay installed and start on their own hypervisor only.`,
    });
  });
  return { edits: [...edits, ...sharedFolders(fstab)], warnings: [] };
}

/** Folders that the old hypervisor shared: a mount that fails would stop the boot. */
function sharedFolders(fstab: string): GuestEdit[] {
  const after = fstab.replaceAll(
    /^(?!\s*#)(\s*(?:\.host:\S*\s.*|\S+\s+\S+\s+(?:fuse\.)?(?:vmhgfs\S*|vboxsf)\b.*))$/gm,
    '# kubeferry: $1',
  );
  if (after === fstab) return [];
  const what = 'Folders that the old hypervisor shared are mounted no more.';
  return [{ path: '/etc/fstab', text: after, change: { subject: 'tools', what, file: '/etc/fstab' } }];
}

/** The sentence goes with the first edit. */
function told(edits: readonly GuestEdit[], change: ConversionChange): GuestEdit[] {
  return edits.map((edit, at) => (at === 0 ? { ...edit, change: { file: edit.path, ...change } } : edit));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
