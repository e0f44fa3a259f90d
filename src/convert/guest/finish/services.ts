/** The QEMU guest agent and the clock: what should run in the guest from now on. Pure. */

import type { AgentState } from '../../../model/conversion.ts';
import type { FileEdit, GuestEdit, GuestPlan, GuestText } from './edit.ts';
import type { FirstBootScript, InitFacts } from './first-boot.ts';
import { nameOf } from './tools.ts';

export const AGENT_UNITS = ['qemu-guest-agent.service', 'qemu-ga.service'];
const CLOCKS = ['chronyd', 'chrony', 'ntpd', 'ntp', 'ntpsec', 'openntpd', 'systemd-timesyncd'];
export const CHRONY_FILES = ['/etc/chrony.conf', '/etc/chrony/chrony.conf', '/etc/chrony.d/*.conf', '/etc/chrony/conf.d/*.conf'];

export interface AgentFacts {
  /** Units of the agent. */
  readonly units: readonly GuestText[];
  /** Its program is there, whatever starts it. */
  readonly installed: boolean;
  /** The converter has left word to install it. */
  readonly expected: boolean;
  /** Links below /etc/systemd/system, enabled units and masks among them, with what they lead to. */
  readonly enabled: ReadonlyMap<string, string>;
}

export interface AgentPlan extends GuestPlan {
  readonly firstBoot?: FirstBootScript;
}

export function planAgent({ units, installed, expected, enabled }: AgentFacts): AgentPlan {
  const unit = units[0];
  if (unit === undefined) {
    const isOurs = !installed && !expected;
    return { edits: [], warnings: [], ...(isOurs ? { firstBoot: AGENT_INSTALLATION } : {}) };
  }
  const name = nameOf(unit.path);
  const mask = `/etc/systemd/system/${name}`;
  const isMasked = enabled.get(mask) === '/dev/null';
  // One without targets is started by udev when the channel to the hypervisor appears.
  const targets = [...unit.text.matchAll(/^WantedBy=(.+)$/gm)].flatMap(([, names = '']) => names.trim().split(/\s+/));
  const links = targets.map((target) => `/etc/systemd/system/${target}.wants/${name}`);
  const edits: GuestEdit[] = [
    ...(isMasked ? [{ path: mask, remove: true as const }] : []),
    ...links.filter((path) => !enabled.has(path)).map((path) => ({ path, link: unit.path })),
  ];
  const change = { subject: 'tools', what: 'The QEMU guest agent, which was installed, is started from now on.' } as const;
  return { edits: edits.map((edit, at) => (at === 0 ? { ...edit, change } : edit)), warnings: [] };
}

/** What becomes of the agent by `planAgent`; undefined where it is there, and nobody knows whether anything starts it. */
export function agentState({ units, installed, expected }: AgentFacts, init: InitFacts): AgentState | undefined {
  if (units.length > 0) return 'present';
  if (installed) return undefined;
  return expected || init.systemd || init.runLevels !== undefined ? 'announced' : 'absent';
}

/** It never fails: a guest without its packages is a guest without an agent, and the journal says so. */
const AGENT_INSTALLATION: FirstBootScript = {
  name: 'qemu-guest-agent',
  what: 'The QEMU guest agent is installed at the first boot where the guest reaches its packages.',
  text: `#!/bin/sh
# Installs the QEMU guest agent from the guest's own packages, and gives up where they are not in reach.
limited() {
  if command -v timeout > /dev/null; then timeout 300 "$@"; else "$@"; fi
}
install() {
  if command -v apt-get > /dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    options='-q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20'
    limited apt-get $options install qemu-guest-agent && return
    limited apt-get $options update && limited apt-get $options install qemu-guest-agent
  elif command -v dnf > /dev/null; then limited dnf -q -y install qemu-guest-agent
  elif command -v zypper > /dev/null; then limited zypper -q -n install qemu-guest-agent
  elif command -v yum > /dev/null; then limited yum -q -y install qemu-guest-agent
  elif command -v apk > /dev/null; then limited apk add qemu-guest-agent
  else return 1
  fi
}
for pause in 0 20 60; do
  sleep $pause
  if install; then
    if command -v systemctl > /dev/null; then systemctl enable --now qemu-guest-agent; else service qemu-guest-agent start || service qemu-ga start; fi
    echo 'The QEMU guest agent is installed.'
    exit 0
  fi
done
echo 'The QEMU guest agent could not be installed: its package is not in reach. Nothing but what it reports is missing.'
`,
};

export interface ClockFacts {
  readonly enabled: ReadonlyMap<string, string>;
  /** Links that start scripts of System V init. */
  readonly startLinks: readonly string[];
  /** Configuration of chrony. */
  readonly chrony: readonly GuestText[];
}

/** Old hypervisors set the clocks of their guests. On the new one the clock is right when the guest starts, and drifts from then on. */
export function planClock({ enabled, startLinks, chrony }: ClockFacts): GuestPlan {
  const started = [...enabled].flatMap(([path, target]) =>
    target === '/dev/null' ? [] : [nameOf(path).replace(/\.service$/, '')],
  );
  const scripts = startLinks.map((path) => nameOf(path).replace(/^S\d\d/, ''));
  const isKept = [...started, ...scripts].some((name) => CLOCKS.includes(name) || name === 'dbus-org.freedesktop.timesync1');
  const warning = 'Nothing in the guest keeps its clock right (chrony, ntp, systemd-timesyncd): install one of them.';
  return { edits: chrony.flatMap(withoutHost), warnings: isKept ? [] : [warning] };
}

/** chronyd does not start when a clock of its configuration is missing, and with it goes every other source of time. */
function withoutHost({ path, text }: GuestText): FileEdit[] {
  const after = text.replaceAll(/^(\s*refclock\s+PHC\s+\/dev\/ptp_hyperv\b.*)$/gm, '# kubeferry: $1');
  if (after === text) return [];
  const what = 'chrony no longer waits for the clock of Hyper-V, without which it would not start.';
  return [{ path, text: after, change: { subject: 'tools', what, file: path } }];
}
