import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fileProvider } from '../../../providers/file/index.ts';
import { PROVIDERS } from '../../../providers/index.ts';
import { describeProvider } from '../../conformance/provider.ts';
import { buildTar } from './ova/tar-builder.ts';
import { sampleText } from './ovf/read-sample.ts';
import {
  diskItem,
  envelope,
  failsWith,
  MIB,
  makeVmdk,
  manifestLine,
  readSource,
  signal,
  system,
  temporaryFolder,
} from './package-fixture.ts';

const SECRETS = `<VirtualSystem ovf:id="s"><Info/>
<ProductSection><Property ovf:key="root" ovf:password="true" ovf:value="hunter2"/></ProductSection>
<VirtualHardwareSection><Info/><vmw:ExtraConfig vmw:key="RemoteDisplay.vnc.password" vmw:value="hunter3"/></VirtualHardwareSection></VirtualSystem>`;

/** An OVA with a manifest, two systems of one name that share a disk, a blank disk, and one system with secrets. */
function writeOva(folder: string): string {
  const vmdk = makeVmdk(folder, 'disk.vmdk');
  const disks =
    '<Disk ovf:diskId="d1" ovf:fileRef="f1" ovf:capacity="8" ovf:capacityAllocationUnits="byte * 2^20"/><Disk ovf:diskId="d2" ovf:capacity="4096"/>';
  const text = envelope({
    disks,
    systems: system('a', diskItem('d1') + diskItem('d2', 1), 'web') + system('b', diskItem('d1'), 'web') + SECRETS,
  });
  const mf = manifestLine('SHA256', 'guest.ovf', text) + manifestLine('SHA256', 'disk.vmdk', vmdk);
  const file = path.join(folder, 'guest.ova');
  writeFileSync(
    file,
    buildTar([
      { name: 'guest.ovf', data: text },
      { name: 'guest.mf', data: mf },
      { name: 'disk.vmdk', data: vmdk },
    ]),
  );
  execFileSync('rm', [path.join(folder, 'disk.vmdk')]);
  return file;
}

function writeOvf(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ['ledger-1.vmdk', 'ledger-2.vmdk']) makeVmdk(folder, name, name.endsWith('1.vmdk') ? 8 * MIB : 4 * MIB);
  writeFileSync(path.join(folder, 'ledger.ovf'), sampleText('vcenter-uefi.ovf'));
  return path.join(folder, 'ledger.ovf');
}

/** An OVA, an OVF of the same name one level down, a VMX and a bare image. */
function writeFolder(folder: string): string {
  writeOva(folder);
  writeOvf(path.join(folder, 'ledger'));
  mkdirSync(path.join(folder, 'mail'));
  makeVmdk(path.join(folder, 'mail'), 'mail.vmdk');
  writeFileSync(
    path.join(folder, 'mail', 'mail.vmx'),
    'config.version = "8"\nvirtualHW.version = "19"\ndisplayName = "mail"\nmemSize = "512"\nscsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.fileName = "mail.vmdk"\nethernet0.present = "TRUE"\nethernet0.networkName = "VM Network"\n',
  );
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', path.join(folder, 'spare.qcow2'), '1M']);
  return folder;
}

describeProvider('the file provider with an OVA', (t) => ({
  provider: fileProvider,
  source: writeOva(temporaryFolder(t)),
  secrets: ['hunter2', 'hunter3'],
}));
describeProvider('the file provider with an OVF', (t) => ({
  provider: fileProvider,
  source: writeOvf(temporaryFolder(t)),
  secrets: ['hunter2'],
}));
describeProvider('the file provider with a folder', (t) => ({ provider: fileProvider, source: writeFolder(temporaryFolder(t)) }));

describe('what is claimed', () => {
  for (const source of ['guest.ova', '/a/b', 'a b', 'C:\\vm', 'file:///a/b.ova', 'FILE:///a']) {
    test(`${source} is a file`, () => assert.equal(PROVIDERS.find((provider) => provider.claims(source))?.kind, 'file'));
  }
  for (const source of ['vsphere://user@host/dc', 'hyperv://host', 'https://host/guest.ova', 's3://bucket/guest.ova']) {
    test(`${source} is none`, () => assert.equal(fileProvider.claims(source), false));
  }
});

async function ids(source: string): Promise<readonly string[]> {
  return (await readSource(source)).map(({ ref }) => ref.id);
}

test('ids are paths below the source, so that they are the same wherever it lies', async (t) => {
  const folder = writeFolder(temporaryFolder(t));
  assert.deepEqual(await ids(folder), [
    'guest.ova#a',
    'guest.ova#b',
    'guest.ova#s',
    'spare.qcow2',
    'ledger/ledger.ovf#ledger',
    'mail/mail.vmx',
  ]);
  assert.deepEqual(await ids(path.join(folder, 'guest.ova')), ['guest.ova#a', 'guest.ova#b', 'guest.ova#s']);
});

test('a file URL is the path it names', async (t) => {
  const ova = writeOva(temporaryFolder(t));
  assert.deepEqual(await ids(pathToFileURL(ova).href), await ids(ova));
  await assert.rejects(readSource('file://elsewhere/guest.ova'), failsWith('source-not-found'));
});

test('networks of packages and of single VMs are in the surroundings of a folder', async (t) => {
  await using connection = await fileProvider.connect(writeFolder(temporaryFolder(t)), { signal });
  const { networks } = await connection.surroundings(signal);
  assert.deepEqual(
    networks.map(({ name, description }) => [name, description]),
    [
      ['dv-accounting', 'The accounting port group'],
      ['dv-backup', undefined],
      ['VM Network', undefined],
    ],
  );
});

test('chunks of a disk beside its descriptor are no VMs of their own', async (t) => {
  const folder = temporaryFolder(t);
  const vmdk = makeVmdk(folder, 'disk.vmdk.000000000');
  const files = `<File ovf:id="f1" ovf:href="disk.vmdk" ovf:chunkSize="${vmdk.length}"/>`;
  writeFileSync(path.join(folder, 'guest.ovf'), envelope({ files }));
  assert.deepEqual(await ids(folder), ['guest.ovf#vm1']);
});

test('a VM is found again after many others were read', async (t) => {
  const systems = Array.from({ length: 100 }, (_, number) => system(`v${number}`, diskItem('d1'))).join('');
  const ovf = path.join(temporaryFolder(t), 'many.ovf');
  writeFileSync(ovf, envelope({ files: '', disks: '<Disk ovf:diskId="d1" ovf:capacity="4096"/>', systems }));
  await using connection = await fileProvider.connect(ovf, { signal });
  const vms = await Array.fromAsync(connection.vms(signal));
  assert.equal(vms.length, 100);
  for (const vm of [vms[0], vms[50], vms[99]]) {
    assert.ok(vm !== undefined);
    assert.deepEqual(await connection.openDisk(vm.ref, 'scsi0:0', signal), { kind: 'blank', capacity: 4096 });
  }
});

describe('what is refused', () => {
  async function fails(t: TestContext, name: string, content: string | Buffer, ...expected: Parameters<typeof failsWith>) {
    const file = path.join(temporaryFolder(t), name);
    writeFileSync(file, content);
    await assert.rejects(readSource(file), failsWith(...expected));
  }

  test('a path that is not there', async (t) => {
    await assert.rejects(readSource(path.join(temporaryFolder(t), 'no.ova')), failsWith('source-not-found'));
  });
  test('a named pipe, without waiting for a writer', async (t) => {
    const pipe = path.join(temporaryFolder(t), 'guest.ova');
    execFileSync('mkfifo', [pipe]);
    await assert.rejects(readSource(pipe), failsWith('source-unrecognised'));
  });
  test('a text that is nothing of ours', (t) => fails(t, 'notes.txt', 'hello', 'source-unrecognised'));
  test('an .ovf that is no XML', (t) => fails(t, 'guest.ovf', 'hello', 'xml-malformed'));
  test('XML that is no OVF', (t) => fails(t, 'page.xml', '<html/>', 'ovf-not-ovf'));
  test('an .ova that is no tar', (t) => fails(t, 'guest.ova', 'x'.repeat(2000), 'tar-malformed'));
  test('a deployment configuration for an image', async (t) => {
    const image = path.join(temporaryFolder(t), 'a.qcow2');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', image, '1M']);
    await assert.rejects(readSource(image, 'large'), failsWith('ovf-config-unknown'));
  });
});
