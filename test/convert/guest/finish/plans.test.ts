import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planConsole } from '../../../../src/convert/guest/finish/console.ts';
import { changesIn, type GuestEdit } from '../../../../src/convert/guest/finish/edit.ts';
import { planFirstBoot } from '../../../../src/convert/guest/finish/first-boot.ts';
import { planLoader } from '../../../../src/convert/guest/finish/loader.ts';
import { parseFstab, parseRelease } from '../../../../src/convert/guest/finish/quick-look.ts';
import { type AgentFacts, agentState, planAgent, planClock } from '../../../../src/convert/guest/finish/services.ts';
import { planTools } from '../../../../src/convert/guest/finish/tools.ts';

const SERIAL = 'console=ttyS0,115200n8';

function written(edits: readonly GuestEdit[]): Record<string, string> {
  return Object.fromEntries(
    edits.map((edit) => [edit.path, 'text' in edit ? edit.text : 'link' in edit ? `-> ${edit.link}` : 'removed']),
  );
}

describe('the serial console', () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ['an empty default', '/etc/default/grub', 'GRUB_CMDLINE_LINUX=""', `GRUB_CMDLINE_LINUX="console=tty0 ${SERIAL}"`],
    ['single quotes', '/etc/default/grub', "GRUB_CMDLINE_LINUX='a b'", `GRUB_CMDLINE_LINUX='a b console=tty0 ${SERIAL}'`],
    ['no quotes', '/etc/default/grub', 'GRUB_CMDLINE_LINUX=quiet', `GRUB_CMDLINE_LINUX="quiet console=tty0 ${SERIAL}"`],
    ['a remark', '/etc/default/grub', 'GRUB_CMDLINE_LINUX="a" # b', `GRUB_CMDLINE_LINUX="a console=tty0 ${SERIAL}" # b`],
    ['no program', '/etc/default/grub', 'GRUB_CMDLINE_LINUX="a $(b "c")"', 'GRUB_CMDLINE_LINUX="a $(b "c")"'],
    ['a file without it', '/etc/default/grub', 'GRUB_TIMEOUT=1', `GRUB_TIMEOUT=1\nGRUB_CMDLINE_LINUX="console=tty0 ${SERIAL}"`],
    ['the first port', '/etc/kernel/cmdline', 'root=x console=ttyS1', `root=x console=ttyS1 console=tty0 ${SERIAL}`],
    ['what it has', '/etc/default/grub', 'GRUB_CMDLINE_LINUX="console=ttyS0"', 'GRUB_CMDLINE_LINUX="console=ttyS0"'],
    ['the screen', '/etc/kernel/cmdline', 'root=x console=tty0', `root=x console=tty0 ${SERIAL}`],
    [
      'linux16',
      '/boot/grub2/grub.cfg',
      '\tlinux16 /vmlinuz-3.10 root=x',
      `\tlinux16 /vmlinuz-3.10 root=x console=tty0 ${SERIAL}`,
    ],
    ['linuxefi', '/boot/efi/EFI/rocky/grub.cfg', ' linuxefi /vmlinuz-4 ro', ` linuxefi /vmlinuz-4 ro console=tty0 ${SERIAL}`],
    ['what has it', '/boot/grub/grub.cfg', ' linux /vmlinuz console=ttyS0 ro', ' linux /vmlinuz console=ttyS0 ro'],
    ['no hypervisor', '/boot/grub/grub.cfg', '\tmultiboot /boot/xen.gz x', '\tmultiboot /boot/xen.gz x'],
    ['no memory test', '/boot/grub/grub.cfg', '\tlinux16 /boot/memtest86+.bin x', '\tlinux16 /boot/memtest86+.bin x'],
    ['BLS entries', '/boot/loader/entries/a.conf', 'options $kernelopts', `options $kernelopts console=tty0 ${SERIAL}`],
    ['legacy GRUB', '/boot/grub/menu.lst', 'kernel /vmlinuz-2.6 ro', `kernel /vmlinuz-2.6 ro console=tty0 ${SERIAL}`],
    ['a comment', '/boot/grub/menu.lst', '# kernel /vmlinuz-2.6 ro', '# kernel /vmlinuz-2.6 ro'],
  ];
  for (const [what, path, before, after] of cases) {
    it(`is given to ${what} in ${path}`, () => {
      const { edits } = planConsole([{ path, text: `# a\n${before}\n` }]);
      assert.deepEqual(written(edits), before === after ? {} : { [path]: `# a\n${after}\n` });
      assert.equal(changesIn(edits).length, edits.length);
    });
  }

  it('is warned of where no file gives the kernel its command line now', () => {
    assert.equal(planConsole([{ path: '/etc/default/grub', text: 'GRUB_CMDLINE_LINUX=""\n' }]).warnings.length, 1);
    assert.deepEqual(planConsole([{ path: '/boot/grub/grub.cfg', text: ' linux /vmlinuz console=ttyS0\n' }]).warnings, []);
  });
});

describe('tools of the old hypervisor', () => {
  const NONE = { units: [], startLinks: [], upstartJobs: [], fstab: '' };

  it('stay as they are where their units know their hypervisor', () => {
    const text = '[Unit]\nConditionVirtualization=vmware\n';
    assert.deepEqual(planTools({ ...NONE, units: [{ path: '/usr/lib/systemd/system/open-vm-tools.service', text }] }).edits, []);
  });

  it('get that condition where they lack it, each its own', () => {
    const units = ['vmware-tools.service', 'hv-kvp-daemon.service', 'ssh.service'].map((name) => ({
      path: `/etc/systemd/system/${name}`,
      text: '[Service]\n',
    }));
    const { edits } = planTools({ ...NONE, units });
    assert.deepEqual(written(edits), {
      '/etc/systemd/system/vmware-tools.service.d/kubeferry.conf': '[Unit]\nConditionVirtualization=vmware\n',
      '/etc/systemd/system/hv-kvp-daemon.service.d/kubeferry.conf': '[Unit]\nConditionVirtualization=microsoft\n',
    });
    assert.equal(changesIn(edits).length, 2);
  });

  it('are started no more by System V init and upstart', () => {
    const startLinks = ['/etc/rc3.d/S19vmware-tools', '/etc/rc3.d/S20ssh'];
    const { edits } = planTools({ ...NONE, startLinks, upstartJobs: ['/etc/init/vmware-tools.conf', '/etc/init/ssh.conf'] });
    assert.deepEqual(written(edits), { '/etc/rc3.d/S19vmware-tools': 'removed', '/etc/init/vmware-tools.override': 'manual\n' });
  });

  it('keep links of scripts that a unit stands in for', () => {
    const text = '[Unit]\nConditionVirtualization=vmware\n';
    const units = [{ path: '/usr/lib/systemd/system/open-vm-tools.service', text }];
    assert.deepEqual(planTools({ ...NONE, units, startLinks: ['/etc/rc3.d/S01open-vm-tools'] }).edits, []);
  });

  it('share no folders any more, which would stop the boot', () => {
    const fstab =
      '# .host:/ is ours\n#old /s vboxsf defaults 0 0\n/dev/vda1 / ext4 defaults 0 1\n.host:/ /mnt vmhgfs defaults 0 0\nshare /s vboxsf defaults 0 0\n';
    const after = fstab.replace('\n.host', '\n# kubeferry: .host').replace('\nshare', '\n# kubeferry: share');
    assert.deepEqual(written(planTools({ ...NONE, fstab }).edits), { '/etc/fstab': after });
  });
});

describe('the guest agent', () => {
  const unit = { path: '/usr/lib/systemd/system/qemu-guest-agent.service', text: '[Install]\nWantedBy=dev-virtio.device\n' };
  const link = '/etc/systemd/system/dev-virtio.device.wants/qemu-guest-agent.service';
  const facts: AgentFacts = { units: [unit], installed: true, expected: false, enabled: new Map() };

  it('is enabled where it is installed, and left alone where it is enabled', () => {
    assert.deepEqual(written(planAgent(facts).edits), { [link]: `-> ${unit.path}` });
    assert.deepEqual(planAgent({ ...facts, enabled: new Map([[link, unit.path]]) }).edits, []);
    assert.deepEqual(planAgent({ ...facts, units: [{ ...unit, text: '[Service]\n' }] }).edits, [], 'udev starts it');
  });

  it('loses its mask', () => {
    const mask = '/etc/systemd/system/qemu-guest-agent.service';
    const { edits } = planAgent({
      ...facts,
      enabled: new Map([
        [mask, '/dev/null'],
        [link, unit.path],
      ]),
    });
    assert.deepEqual(written(edits), { [mask]: 'removed' });
    assert.equal(changesIn(edits).length, 1);
  });

  it('is installed at the first boot where it is missing, unless the converter does it', () => {
    const missing = { ...facts, units: [], installed: false };
    assert.equal(planAgent(missing).firstBoot?.name, 'qemu-guest-agent');
    assert.equal(planAgent({ ...missing, expected: true }).firstBoot, undefined);
    assert.equal(planAgent({ ...missing, installed: true }).firstBoot, undefined);
  });

  it('is told as present, announced or absent, and as neither where nobody knows what starts it', () => {
    const missing = { ...facts, units: [], installed: false };
    assert.equal(agentState(facts, { systemd: true }), 'present');
    assert.equal(agentState(missing, { systemd: true }), 'announced');
    assert.equal(agentState({ ...missing, expected: true }, { systemd: false }), 'announced');
    assert.equal(agentState(missing, { systemd: false }), 'absent');
    assert.equal(agentState({ ...missing, installed: true }, { systemd: false, runLevels: '/etc' }), undefined);
  });
});

describe('the clock', () => {
  it('is warned of where nothing sets it', () => {
    const chronyd = new Map([
      ['/etc/systemd/system/multi-user.target.wants/chronyd.service', '/usr/lib/systemd/system/chronyd.service'],
    ]);
    const masked = new Map([['/etc/systemd/system/chronyd.service', '/dev/null']]);
    assert.deepEqual(planClock({ enabled: chronyd, startLinks: [], chrony: [] }).warnings, []);
    assert.deepEqual(planClock({ enabled: new Map(), startLinks: ['/etc/rc3.d/S58ntpd'], chrony: [] }).warnings, []);
    assert.equal(planClock({ enabled: masked, startLinks: ['/etc/rc3.d/S20ssh'], chrony: [] }).warnings.length, 1);
  });

  it('does not wait for that of Hyper-V', () => {
    const text = 'pool pool.ntp.org\nrefclock PHC /dev/ptp_hyperv poll 3\n';
    const { edits } = planClock({ enabled: new Map(), startLinks: [], chrony: [{ path: '/etc/chrony.conf', text }] });
    assert.match(written(edits)['/etc/chrony.conf'] ?? '', /^pool pool\.ntp\.org\n# kubeferry: refclock/);
  });
});

describe('the first boot', () => {
  const scripts = [{ name: 'a', text: 'echo a\r\necho b\r\n', what: 'a runs.' }];

  it('is started by systemd, once', () => {
    const files = written(planFirstBoot(scripts, { systemd: true }).edits);
    assert.equal(files['/usr/lib/kubeferry/first-boot/01-a'], '#!/bin/sh\necho a\necho b\n');
    const unit = '/etc/systemd/system/kubeferry-first-boot.service';
    assert.equal(files['/etc/systemd/system/multi-user.target.wants/kubeferry-first-boot.service'], `-> ${unit}`);
    assert.match(files[unit] ?? '', /ExecStart=\/bin\/sh \/usr\/lib\/kubeferry\/first-boot\.sh/);
  });

  it('is started by System V init where that is what there is, and said to be impossible without both', () => {
    const files = written(planFirstBoot(scripts, { systemd: false, runLevels: '/etc' }).edits);
    assert.equal(files['/etc/rc3.d/S99kubeferry-first-boot'], '-> /etc/init.d/kubeferry-first-boot');
    assert.equal(planFirstBoot(scripts, { systemd: false }).warnings.length, 1);
  });

  it('leaves nothing where there is nothing to run', () => {
    assert.deepEqual(planFirstBoot([], { systemd: true }), { edits: [], warnings: [] });
  });
});

describe('the fallback loader', () => {
  it('is made of shim and what lies beside it', () => {
    const plan = planLoader([
      '/EFI/redhat/shimx64.efi',
      '/EFI/redhat/grubx64.efi',
      '/EFI/redhat/mmx64.efi',
      '/EFI/redhat/grub.cfg',
    ]);
    assert.ok(plan !== undefined && plan !== 'none');
    assert.deepEqual(
      plan.copies.map(({ from, to }) => `${from} ${to}`),
      [
        '/EFI/redhat/shimx64.efi /EFI/BOOT/BOOTX64.EFI',
        '/EFI/redhat/grubx64.efi /EFI/BOOT/grubx64.efi',
        '/EFI/redhat/mmx64.efi /EFI/BOOT/mmx64.efi',
      ],
    );
    assert.equal(
      plan.menu?.text,
      'search --no-floppy --set=root --file /EFI/redhat/grub.cfg\nset prefix=($root)/EFI/redhat\nconfigfile ($root)/EFI/redhat/grub.cfg\n',
    );
  });

  it('is the loader of Windows, of systemd, or GRUB alone', () => {
    const target = (...files: string[]): string | undefined => {
      const plan = planLoader(files);
      return plan === undefined || plan === 'none' ? plan : `${plan.copies[0]?.from} ${plan.copies[0]?.to} ${plan.copies.length}`;
    };
    const windows = '/EFI/Microsoft/Boot/bootmgfw.efi';
    assert.equal(target('/EFI/Boot/readme', windows), `${windows} /EFI/Boot/BOOTX64.EFI 1`);
    assert.equal(target('/EFI/systemd/systemd-bootx64.efi'), '/EFI/systemd/systemd-bootx64.efi /EFI/BOOT/BOOTX64.EFI 1');
    assert.equal(target('/EFI/debian/grubaa64.efi'), '/EFI/debian/grubaa64.efi /EFI/BOOT/BOOTAA64.EFI 1');
    assert.equal(target('/EFI/BOOT/grubx64.efi', '/EFI/a/grubx64.efi'), '/EFI/a/grubx64.efi /EFI/BOOT/BOOTX64.EFI 1');
    assert.equal(target('/EFI/Boot/bootx64.efi', windows), undefined, 'it is there, however it is written');
    assert.equal(target('/EFI/tool/shell.efi'), 'none');
  });
});

describe('a quick look', () => {
  it('reads what a guest mounts from disks, shortest path first', () => {
    const fstab =
      '# x\nUUID=a / ext4 defaults 0 1\nUUID=c /boot/efi vfat x 0 1\nLABEL="b" /boot/ xfs x 0 2\nnas:/x /mnt nfs x 0 0\nUUID=d none swap sw 0 0\n';
    assert.deepEqual(parseFstab(fstab), [
      { spec: 'LABEL=b', path: '/boot' },
      { spec: 'UUID=c', path: '/boot/efi' },
    ]);
  });

  it('calls a system as libguestfs does', () => {
    const ubuntu = 'PRETTY_NAME="Ubuntu 22.04.4 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\nID_LIKE=debian\n';
    assert.deepEqual(parseRelease(ubuntu), {
      distro: 'ubuntu',
      product: 'Ubuntu 22.04.4 LTS',
      version: { major: 22, minor: 4 },
    });
    assert.deepEqual(parseRelease("ID='ol'\nVERSION_ID=9\n"), { distro: 'oraclelinux', version: { major: 9, minor: 0 } });
    assert.deepEqual(parseRelease('ID=arch\n'), { distro: 'arch' });
  });
});
