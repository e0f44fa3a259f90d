import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGuestOs, GUEST_OS_TABLE, normaliseOsId } from '../../src/model/guest-os.ts';

function idOf(osId: string, osIdKind?: 'vmware' | 'cim' | 'virtualbox', osName?: string): string | undefined {
  return findGuestOs({ osId, ...(osIdKind === undefined ? {} : { osIdKind }), ...(osName === undefined ? {} : { osName }) })?.id;
}

test('vCenter’s and the VMX spelling of an identifier mean the same', () => {
  for (const [guestId, vmx, id] of [
    ['rhel8_64Guest', 'rhel8-64', 'rhel-8'],
    ['windows2019srv_64Guest', 'windows2019srv-64', 'windows-2019'],
    ['windows2019srvNext_64Guest', 'windows2019srvNext-64', 'windows-2022'],
    ['windows9Server64Guest', 'windows9srv-64', 'windows-2016'],
    ['winNetEnterprise64Guest', 'winNetEnterprise-64', 'windows-2003'],
    ['winLonghorn64Guest', 'longhorn-64', 'windows-2008'],
    ['winXPPro64Guest', 'winXPPro-64', 'windows-xp'],
    ['ubuntu64Guest', 'ubuntu-64', 'ubuntu'],
    ['sles15_64Guest', 'sles15-64', 'sles'],
    ['other26xLinux64Guest', 'other26xlinux-64', 'linux'],
    ['freebsd14_64Guest', 'freebsd14-64', 'freebsd'],
  ] as const) {
    assert.equal(idOf(guestId, 'vmware'), id, guestId);
    assert.equal(idOf(vmx, 'vmware'), id, vmx);
  }
});

test('CIM numbers and VirtualBox ids are known', () => {
  assert.equal(idOf('80', 'cim'), 'rhel');
  assert.equal(idOf('103', 'cim'), 'windows-2008r2');
  assert.equal(idOf('94', 'cim'), 'ubuntu');
  assert.equal(idOf('Windows10_64', 'virtualbox'), 'windows-10');
  assert.equal(idOf('Debian_64', 'virtualbox'), 'debian');
});

test('where the identifier names a family only, the description may be more exact', () => {
  assert.equal(idOf('80', 'cim', 'Red Hat Enterprise Linux 8 (64-bit)'), 'rhel-8');
  assert.equal(idOf('101', 'cim', 'Ubuntu Linux (64-bit)'), 'ubuntu');
  assert.equal(idOf('101', 'cim', 'Something'), 'linux');
  assert.equal(idOf('rhel7-64', 'vmware', 'Red Hat Enterprise Linux 8'), 'rhel-7');
});

test('descriptions alone are enough', () => {
  for (const [osName, id] of [
    ['Microsoft Windows Server 2019 (64-bit)', 'windows-2019'],
    ['Microsoft Windows Server 2008 R2 (64-bit)', 'windows-2008r2'],
    ['Microsoft Windows 10 (64-bit)', 'windows-10'],
    ['Microsoft Windows 7 (64-bit)', 'windows-7'],
    ['Windows Hyper-V', 'windows'],
    ['SUSE Linux Enterprise 12 (64-bit)', 'sles-12'],
    ['Debian GNU/Linux 12 (64-bit)', 'debian'],
    ['Oracle Solaris 11 (64-bit)', 'solaris-11'],
  ] as const) {
    assert.equal(findGuestOs({ osName })?.id, id, osName);
  }
});

test('nothing known and nothing that matches give nothing', () => {
  assert.equal(findGuestOs({}), undefined);
  assert.equal(idOf('plan9', 'vmware'), undefined);
  assert.equal(idOf('0', 'cim'), undefined);
});

test('no identifier means two systems, ids are unique, and identifiers are in their normal form', () => {
  const seen = new Map<string, string>();
  for (const row of GUEST_OS_TABLE) {
    const keys = [
      ...(row.vmware ?? []).map((id) => `vmware:${id}`),
      ...(row.cim ?? []).map((id) => `cim:${id}`),
      ...(row.vbox ?? []).map((id) => `vbox:${id}`),
    ];
    for (const key of [...keys, `id:${row.id}`]) {
      assert.equal(seen.get(key), undefined, `${key} of ${row.id}`);
      seen.set(key, row.id);
    }
    for (const id of [...(row.vmware ?? []), ...(row.vbox ?? [])]) assert.equal(normaliseOsId(id), id);
  }
});
