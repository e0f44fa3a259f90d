import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { Report } from '../../../src/model/report.ts';
import { runFiles } from '../../../src/report/folder.ts';
import { renderReport } from '../../../src/report/index.ts';
import { inspected } from '../../assess/guest/sample.ts';
import { fakePlan, fakeReport } from '../../fakes/vm.ts';
import { strictSchema } from '../schema.ts';
import { BOOTED, GUEST_VM, guestReport, PANICKED, TERMS } from './sample.ts';

const FOUND = inspected({
  boot: { table: 'gpt', uefi: { device: '/dev/sda1', loaders: [], fallback: false } },
  drivers: { kernels: [{ version: '5.10', virtio: true, virtioAtBoot: false, virtioNet: true }] },
  encrypted: [{ device: '/dev/sda3', kind: 'luks', opened: false }],
  filesystems: [{ device: '/dev/sda2', kind: 'ext4', size: 2 ** 31, free: 2 ** 29 }],
  tools: ['open-vm-tools'],
  nicNames: ['ens192'],
  network: [{ kind: 'networkmanager', path: '/etc/NetworkManager/system-connections/wifi', text: 'psk=secret' }],
  applications: [{ name: 'dpkg', version: '1' }],
  applicationCount: 1,
});

/** As a reader sees it: words, whatever is around them. */
function words(report: Report, format: 'text' | 'markdown' | 'html', depth: 'full' | 'concerns' = 'full'): string {
  return renderReport(report, format, depth)
    .replaceAll(/<[^>]+>|[|\\]/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

for (const format of ['text', 'markdown', 'html'] as const) {
  test(`a dry run says in ${format} what will be done to the guest and what has to be seen of it`, () => {
    const planned = words(fakeReport([{ ...fakePlan(GUEST_VM), ...TERMS }]), format);
    for (const said of [
      /Policy convert: on its copied disks it is given virtio drivers/,
      /the one on \/dev\/sdb1 is meant/,
      /Passphrases of encrypted volumes are read from \/home\/me\/keys/,
      /\/dev\/sda3 is opened by Clevis/,
      /Drivers for Windows are taken from \/usr\/share\/virtio-win\.iso/,
      /tidy\.sh once, while it is converted/,
      /join\.ps1 when it starts for the first time/,
      /has to come up within 5 min and to answer each probe/,
      /TCP port 22 greets with \/OpenSSH\//,
      /HTTP port 80 \/health status 200, and \/ok\/ is in it/,
      /\/home\/me\/probe\.sh at 00:50:56:aa:00:02 ends with 0/,
    ]) {
      assert.match(planned, said);
    }
  });

  test(`an unproven and an untouched guest are called so in ${format}`, () => {
    const unproven = words(fakeReport([{ ...fakePlan(), conversion: { policy: 'skip' } }]), format);
    assert.match(unproven, /Policy skip: .* nothing in it is changed\. Nobody looks whether it boots\./);
    const untouched = words(fakeReport([{ ...fakePlan(), conversion: { policy: 'none' } }]), format);
    assert.match(untouched, /Policy none: nobody looks into it/);
    assert.doesNotMatch(untouched, /Nobody looks whether/);
    assert.doesNotMatch(words(fakeReport(), format), /Policy|Boot proof/);
  });

  test(`both hashes of a converted disk, the conversion and the boot are told in ${format}`, () => {
    const told = words(guestReport(), format, 'concerns');
    for (const said of [
      new RegExp(`sha256 ${'a'.repeat(64)} as it was copied, sha256 ${'b'.repeat(64)} since its guest was converted`),
      /Debian GNU\/Linux 12 \(bookworm\): converted by virt-v2v-in-place 2\.2\.0 with an emulated processor \(tcg\)\./,
      /It took 3 min: open 18\.0 s, convert 158\.0 s\./,
      /The QEMU guest agent is installed at its first boot, where it reaches its packages then\. Disk scsi0:0: 3\.00 MiB written\./,
      /system virtio was put .* network ens192 keeps its name\. \/etc\/systemd\/network\/10-ens192\.link tools open-vm-tools was removed\. warning no/,
      /Seen to boot in 41 s\. Processor: tcg\. There is no \/dev\/kvm/,
      /The machine differed from the manifest: It had no TPM/,
      /37\.4 s login prompt web login:/,
      /End of its console:? line|End of its console:? \S? ?line/,
    ]) {
      assert.match(told, said);
    }
    assert.match(told, /line 29/);
    assert.doesNotMatch(told, /line 18 /);
  });

  test(`a guest that did not come up is told with its code in ${format}`, () => {
    const told = words(guestReport(PANICKED), format, 'concerns').replaceAll('&quot;', '"');
    assert.match(
      told,
      /Not seen to boot after 41 s: The initial RAM disk waits for its root: "ALERT! UUID=1 does not exist" \[root-not-found ?\]/,
    );
  });

  test(`addresses stand side by side in ${format}`, () => {
    const told = words(guestReport(), format, 'concerns');
    for (const said of [
      /Network adapter 1 00:50:56:aa:00:01 192\.0\.2\.10 192\.0\.2\.10 same/,
      /Network adapter 1 00:50:56:aa:00:01 2001:db8::10 2001:db8::10 same/,
      /Network adapter 2 00:50:56:aa:00:02 198\.51\.100\.7 missing/,
      /Network adapter 2 00:50:56:aa:00:02 10\.0\.2\.15 new/,
      /Network adapter 3 00:50:56:aa:00:03 203\.0\.113\.3 not seen/,
      /Network adapter 4 00:50:56:aa:00:04 203\.0\.113\.4, by the guest(?:'|&#39;|&apos;)s own configuration 203\.0\.113\.4 same/,
      /Network adapter 4 00:50:56:aa:00:04 203\.0\.113\.5, by the guest(?:'|&#39;|&apos;)s own configuration missing/,
      /Another address of Network adapter 2 is no surprise/,
    ]) {
      assert.match(told, said);
    }
    assert.doesNotMatch(told, /fe80|192\.0\.2\.77/);
  });
}

for (const format of ['text', 'markdown', 'html'] as const) {
  test(`what was found in a guest before the copy is told in ${format}`, () => {
    const told = words(
      { ...fakeReport(), vms: fakeReport().vms.map((entry) => ({ ...entry, inspection: FOUND })) },
      format,
      'concerns',
    );
    for (const said of [
      /Debian GNU\/Linux 12 \(bookworm\) on \/dev\/sda2: it is the only one on the disks\./,
      /Boot loader for UEFI \(\/dev\/sda1, without a loader that is found without stored entries\), partition table gpt\./,
      /It is not ready for virtio as it is: the initial RAM disk of kernel 5\.10 lacks the virtio disk driver\./,
      /\/dev\/sda3 is encrypted \(luks\) and stayed closed\./,
      /Tools: open-vm-tools\./,
      /Its network configuration names ens192\./,
      /\/dev\/sda2 ext4 \/ 2\.00 GiB 512 MiB/,
    ]) {
      assert.match(told, said);
    }
  });
}

test('programs read what was found, and neither contents of files nor packages', () => {
  const report = { ...fakeReport(), vms: fakeReport().vms.map((entry) => ({ ...entry, inspection: FOUND })) };
  const json = renderReport(report, 'json', 'concerns');
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  assert.ok(ajv.validate(strictSchema(), JSON.parse(json)), ajv.errorsText());
  const { inspection } = JSON.parse(json).vms[0];
  assert.equal(inspection.root.device, '/dev/sda2');
  assert.deepEqual(inspection.network, [{ kind: 'networkmanager', path: '/etc/NetworkManager/system-connections/wifi' }]);
  assert.doesNotMatch(json, /psk=|"applications"/);
});

test('what a guest wrote cannot leave its place', () => {
  const markdown = renderReport(guestReport(), 'markdown', 'concerns');
  assert.match(markdown, /\n\n {4}line \d+\n/);
  assert.match(markdown, /\n {4}```<b>\\x1b\[0m web login:\n/);
  const html = renderReport(guestReport(), 'html', 'concerns');
  assert.match(html, /```&lt;b&gt;\\x1b\[0m web login:<\/pre>/);
});

test('a picture in the folder of the report is shown by every page in it', () => {
  const files = new Map(
    runFiles(guestReport(), ['web'], '/srv/out').map(({ path, content }) => [path, Array.from(content).join('')]),
  );
  assert.match(files.get('report.html') ?? '', /<img src="web\/boot-proof\.png" alt="Screen of web at the end of its boot"/);
  assert.match(files.get('web/report.html') ?? '', /<img src="\.\.\/web\/boot-proof\.png"/);
  assert.match(files.get('report.md') ?? '', /!\[Screen of web at the end of its boot\]\(web\/boot-proof\.png\)/);
  assert.equal(JSON.parse(files.get('report.json') ?? '').vms[0].progress.proof.screenshot, 'web/boot-proof.png');
});

test('a picture elsewhere is named, and never loaded', () => {
  for (const screenshot of [
    '/srv/other/web.png',
    '../../etc/x.png',
    'http://example.org/x.png',
    'javascript:alert(1)',
    '/srv/outside/x.png',
  ]) {
    const [page] = runFiles(guestReport({ ...BOOTED, screenshot }), [], '/srv/out').filter(({ path }) => path === 'report.html');
    const html = Array.from(page?.content ?? '').join('');
    assert.doesNotMatch(html, /<img/, screenshot);
    assert.ok(html.includes(`<code>${screenshot}</code>`), screenshot);
  }
  assert.match(
    renderReport(guestReport(), 'text', 'concerns'),
    /Screen of web at the end of its boot: \/srv\/out\/web\/boot-proof\.png/,
  );
});

test('a picture that was handed in is part of the page', () => {
  const data = 'data:image/png;base64,iVBORw0KGgo=';
  const report = guestReport({ ...BOOTED, screenshot: data });
  assert.ok(renderReport(report, 'html', 'concerns').includes(`<img src="${data}"`));
  assert.doesNotMatch(renderReport(report, 'text', 'concerns'), /base64/);
});

test('programs read terms, outcome and proof, and no text of a script', () => {
  const json = renderReport(guestReport(), 'json', 'full');
  const ajv = new Ajv({ strict: true, allowUnionTypes: true });
  assert.ok(ajv.validate(strictSchema(), JSON.parse(json)), ajv.errorsText());
  const [vm] = JSON.parse(json).vms;
  assert.deepEqual(vm.plan.conversion.scripts, [
    { name: 'tidy.sh', when: 'conversion' },
    { name: 'join.ps1', when: 'first-boot' },
  ]);
  assert.deepEqual(vm.plan.proof, TERMS.proof);
  assert.equal(vm.progress.conversion.converter, 'virt-v2v-in-place 2.2.0');
  assert.doesNotMatch(json, /secret things/);
});
