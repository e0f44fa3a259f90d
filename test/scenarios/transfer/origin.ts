/** Where a story's disk comes from: a server, image files, or the library's stub; and what an attempt has to be told of it. */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DiskSource, TrackedDisk } from '../../../src/model/transfer.ts';
import { nbdkitFolder, type StubVddk, stubVddk, type VddkFault } from '../../peers/vddk.ts';
import { layerOf, MiB, run, type Scratch } from '../../transfer/fixture.ts';
import type { Attempt } from './attempt.ts';
import { FileServer } from './file-server.ts';
import type { GuestDisk } from './guest-disk.ts';
import type { Story } from './story.ts';

export interface Origin extends AsyncDisposable {
  readonly server?: FileServer;
  /** The disk's state in a pass. */
  source(pass: number): Promise<DiskSource>;
  readonly told: Partial<Pick<Attempt, 'server' | 'vddk'>>;
  /** What the library does wrong from the next login on; nothing when absent. */
  spoil(fault?: VddkFault): Promise<void>;
}

const BECAUSE = 'the story wants it';
const MARK = '"5f3759df"';
const LOGIN = { user: 'administrator@vsphere.local', password: 'only-for-the-library+1' };
const VDDK = {
  server: 'vcenter.example',
  thumbprint: '01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67',
  vm: 'vm-42',
  snapshot: 'snapshot-7',
  file: '[fast store] web/web.vmdk',
};

export async function openOrigin(story: Story, disk: GuestDisk, scratch: Scratch): Promise<Origin> {
  switch (story.way) {
    case 'range':
      return await openRange(story, disk);
    case 'lease':
      return await openLease(story, disk, scratch);
    case 'vddk':
      return await openVddk(story, disk);
    default:
      return await openImage(story, disk, scratch);
  }
}

async function openRange({ size, tracked, slowly }: Story, { content }: GuestDisk): Promise<Origin> {
  const server = await FileServer.start({ content, whole: false, slowly });
  const { url, ca } = server;
  return {
    server,
    told: { server: { url, ca } },
    source: async (pass) => {
      const how = tracked ? { tracking: trackingOf(`snapshot-${pass}`) } : { mark: MARK };
      return { kind: 'range', url, capacity: size, because: BECAUSE, ...how };
    },
    spoil: async () => undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openLease({ size, slowly }: Story, disk: GuestDisk, scratch: Scratch): Promise<Origin> {
  const image = await imageOf(disk, 'streamOptimized', scratch);
  const server = await FileServer.start({ content: await readFile(image), whole: true, slowly });
  const { url, ca } = server;
  const of = { type: 'VirtualMachineSnapshot', id: 'snapshot-1' } as const;
  return {
    server,
    told: { server: { url, ca } },
    source: async () => ({ kind: 'lease', server: new URL(url).origin, of, deviceKey: 2000, capacity: size, because: BECAUSE }),
    spoil: async () => undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openVddk({ size }: Story, { content }: GuestDisk): Promise<Origin> {
  const stub: StubVddk = await stubVddk({ ...VDDK, ...LOGIN });
  const before = process.env['PATH'];
  // Only for this story: an nbdkit with this plugin has no other ones.
  process.env['PATH'] = `${await nbdkitFolder()}${path.delimiter}${before}`;
  const tracking = trackingOf(VDDK.snapshot);
  return {
    told: { vddk: { libraryFolder: stub.folder, ...LOGIN } },
    source: async () => {
      await writeSparsely(stub.disk, content);
      return { kind: 'vddk', port: 8443, ...VDDK, capacity: size, tracking, because: BECAUSE };
    },
    spoil: (fault) => stub.fail(fault),
    [Symbol.asyncDispose]: async () => {
      process.env['PATH'] = before;
      await stub[Symbol.asyncDispose]();
    },
  };
}

async function openImage({ way, size }: Story, disk: GuestDisk, scratch: Scratch): Promise<Origin> {
  const format = way === 'raw' || way === 'qcow2' ? way : 'vmdk';
  const layer = await layerOf(await imageOf(disk, way, scratch), format);
  return {
    told: {},
    source: async () => ({ kind: 'image', layers: [layer], capacity: size }),
    spoil: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function imageOf({ content }: GuestDisk, kind: string, scratch: Scratch): Promise<string> {
  const raw = scratch.path('source.raw');
  await writeSparsely(raw, content);
  if (kind === 'raw') return raw;
  const image = scratch.path(`source.${kind}`);
  const format = kind === 'qcow2' ? ['qcow2'] : ['vmdk', '-o', `subformat=${kind}`];
  await run('qemu-img', 'convert', '-f', 'raw', '-O', ...format, raw, image);
  return image;
}

async function writeSparsely(file: string, content: Buffer): Promise<void> {
  const piece = MiB / 16;
  const zeros = Buffer.alloc(piece);
  await using handle = await open(file, 'w');
  await handle.truncate(content.length);
  for (let at = 0; at < content.length; at += piece) {
    const bytes = content.subarray(at, at + piece);
    if (!bytes.equals(zeros.subarray(0, bytes.length))) await handle.write(bytes, 0, bytes.length, at);
  }
}

function trackingOf(snapshot: string): TrackedDisk {
  return { vm: { id: VDDK.vm, name: 'web' }, disk: 'scsi0:0', snapshot };
}
