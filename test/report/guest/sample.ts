/** A VM whose guest was converted and seen to boot, with everything that may be said of it. */
import type { BootProof } from '../../../src/model/boot-proof.ts';
import type { GuestOutcome } from '../../../src/model/conversion.ts';
import type { VmPlan, VmProgress } from '../../../src/model/plan.ts';
import type { Report } from '../../../src/model/report.ts';
import type { MacAddress } from '../../../src/model/units.ts';
import { fakePlan, fakeReport, fakeVm } from '../../fakes/vm.ts';

export const GUEST_VM = fakeVm({
  nics: [
    {
      ...{ key: 'ethernet0', label: 'Network adapter 1', mac: '00:50:56:aa:00:01' as MacAddress },
      guestIp: {
        dhcp: false,
        addresses: [{ address: '192.0.2.10', prefix: 24 }, { address: '2001:DB8:0::10', prefix: 64 }, { address: 'fe80::1' }],
      },
    },
    {
      ...{ key: 'ethernet1', label: 'Network adapter 2', mac: '00:50:56:aa:00:02' as MacAddress },
      guestIp: { dhcp: true, addresses: [{ address: '198.51.100.7' }] },
    },
    {
      ...{ key: 'ethernet2', label: 'Network adapter 3', mac: '00:50:56:aa:00:03' as MacAddress },
      guestIp: { addresses: [{ address: '203.0.113.3' }] },
    },
    { key: 'ethernet3', label: 'Network adapter 4', mac: '00:50:56:aa:00:04' as MacAddress },
  ],
});

export const OUTCOME: GuestOutcome = {
  policy: 'convert',
  copy: 'x',
  accelerator: 'tcg',
  converter: 'virt-v2v-in-place 2.2.0',
  guest: 'Debian GNU/Linux 12 (bookworm)',
  changes: [
    { subject: 'tools', what: 'open-vm-tools was removed.' },
    { subject: 'network', what: 'ens192 keeps its name.', file: '/etc/systemd/network/10-ens192.link' },
    { subject: 'system', what: 'virtio was put into the initial RAM disk.' },
  ],
  warnings: ['no <guest agent> could be installed'],
  // Of the first the source told more, of the last nothing.
  configured: [
    { mac: '00:50:56:aa:00:01', addresses: ['192.0.2.77/24'], gateways: [] },
    { mac: '00:50:56:aa:00:04', addresses: ['203.0.113.4/24', '203.0.113.5/24'], gateways: ['203.0.113.1'] },
  ],
  agent: 'announced',
  seconds: [
    { phase: 'open', seconds: 18 },
    { phase: 'convert', seconds: 158 },
  ],
  disks: [{ disk: 'scsi0:0', changed: 3 * 2 ** 20, root: 'b'.repeat(64) }],
};

export const BOOTED: BootProof = {
  booted: true,
  evidence: [{ kind: 'login-prompt', text: 'web login:', seconds: 37.4 }],
  seconds: 41,
  accelerator: { name: 'tcg', because: 'There is no /dev/kvm here that may be opened.' },
  screenshot: '/srv/out/web/boot-proof.png',
  addresses: {
    '00:50:56:aa:00:01': ['2001:db8::10', '192.0.2.10'],
    '00:50:56:aa:00:02': ['10.0.2.15'],
    '00:50:56:aa:00:04': ['203.0.113.4'],
  },
  console: `${Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\r\n')}\n\n\`\`\`<b>\u001b[0m web login:\n`,
  differences: ['It had no TPM: the program swtpm is not installed.'],
};

export const PANICKED: BootProof = {
  ...BOOTED,
  booted: false,
  evidence: [],
  trouble: { code: 'root-not-found', text: 'The initial RAM disk waits for its root: "ALERT! UUID=1 does not exist"' },
};

export const TERMS: Pick<VmPlan, 'conversion' | 'proof'> = {
  conversion: {
    policy: 'convert',
    root: '/dev/sdb1',
    keys: '/home/me/keys',
    clevis: ['/dev/sda3'],
    virtioWin: '/usr/share/virtio-win.iso',
    scripts: [
      { name: 'tidy.sh', when: 'conversion', text: 'secret things' },
      { name: 'join.ps1', when: 'first-boot', text: 'more' },
    ],
  },
  proof: {
    deadlineSeconds: 300,
    probes: [
      { kind: 'tcp', port: 22, banner: 'OpenSSH' },
      { kind: 'http', port: 80, path: '/health', body: 'ok' },
      { kind: 'script', path: '/home/me/probe.sh', ports: [5432], mac: '00:50:56:aa:00:02' },
    ],
  },
};

export function guestReport(proof: BootProof = BOOTED, terms: Pick<VmPlan, 'conversion' | 'proof'> = TERMS): Report {
  const progress: VmProgress = {
    ...{ vm: 'fake:web', targetName: 'web', type: 'cold', phase: 'Completed', since: '2026-11-22T12:00:00.000Z', history: [] },
    transfers: [
      {
        ...{ job: 'web/scsi0:0', size: 2 ** 30, moved: 2 ** 29, allocated: 2 ** 29, seconds: 1, transport: 'range' },
        proof: {
          ...{ algorithm: 'sha256', blockSize: 65_536, size: 2 ** 30, allocated: 2 ** 29 },
          ...{ root: 'b'.repeat(64), copied: 'a'.repeat(64) },
        },
      },
    ],
    conversion: OUTCOME,
    proof,
  };
  const report = fakeReport([{ ...fakePlan(GUEST_VM), ...terms }]);
  return { ...report, vms: report.vms.map((entry) => ({ ...entry, progress })) };
}
