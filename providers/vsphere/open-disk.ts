/**
 * Where the bytes of a disk can be had. A datastore hands out ranges of a flat file that nobody writes to; everything else goes through
 * an export lease, or through VDDK where the user has it. What a server really does is found by asking it for one byte, never assumed.
 */
import type { ConnectOptions } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import type { DiskSource, LeaseSource, RangeSource, TrackedDisk, VddkSource } from '../../src/model/transfer.ts';
import type { Address } from './address.ts';
import { type DiskRequest, findDisk, requireVm } from './disk-access.ts';
import type { Http, HttpAnswer } from './http.ts';
import type { Datastore } from './inventory/atlas.ts';
import { diskCapacity } from './inventory/disks.ts';
import { revive } from './revive.ts';
import type { Session } from './session.ts';
import type { VimNode } from './vim/node.ts';

export interface Ways {
  readonly address: Address;
  /** A datastore by its id, where the account can see it. */
  readonly datastore: (id: string) => Promise<Datastore | undefined>;
  /** The only one that is wanted. */
  readonly transport?: ConnectOptions['transport'] | undefined;
}

/** Too many requests, a bad gateway, a service that starts, a gateway that waits. */
const UNSETTLED: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A disk that nobody writes to. */
interface StillDisk {
  readonly request: DiskRequest;
  readonly device: VimNode;
  readonly deviceKey: number;
  readonly capacity: number;
  readonly encrypted: boolean;
  readonly tracking: TrackedDisk | undefined;
}

/** @throws MigrationError `vm-not-found`, `disk-unreachable`, `snapshot-failed`, `disks-changed` */
export async function openDisk(session: Session, request: DiskRequest, ways: Ways, signal: AbortSignal): Promise<DiskSource> {
  const disk = await findStill(session, request, signal);
  const { address, transport } = ways;
  if (transport === 'vddk') return vddkSource(session.http, disk, address);
  if (transport === 'lease') return leaseSource(disk, address, 'exports were asked for');
  const range = await rangeSource(session, disk, ways, signal);
  if (typeof range !== 'string') return range;
  if (transport === 'range') throw unreachable(request, `cannot be read in ranges: ${range}`);
  return leaseSource(disk, address, `no ranges: ${range}`);
}

async function findStill(session: Session, request: DiskRequest, signal: AbortSignal): Promise<StillDisk> {
  const { vm, disk, snapshot } = request;
  const found = await requireVm(session, vm, ['runtime.powerState', 'config.keyId'], signal);
  const power = found.string('runtime.powerState');
  if (snapshot === undefined && power === 'poweredOn') {
    throw unreachable(request, 'is locked by the running VM', 'Power the VM off, or copy from a snapshot (warm migration).');
  }
  const { device, deviceKey } = await findDisk(session, request, signal);
  // Without a snapshot the server tells the changes of a VM that is off, and of no other.
  const tracked = device.string('backing', 'changeId') !== undefined && (snapshot !== undefined || power === 'poweredOff');
  return {
    request,
    device,
    deviceKey,
    capacity: diskCapacity(device),
    encrypted: found.node('config.keyId') !== undefined,
    tracking: tracked ? { vm, disk, ...(snapshot !== undefined && { snapshot }) } : undefined,
  };
}

function unreachable({ vm, disk }: DiskRequest, what: string, hint?: string): MigrationError {
  return new MigrationError('disk-unreachable', `Disk ${disk} of VM ${vm.name} ${what}`, {
    vm: vm.name,
    disk,
    ...(hint !== undefined && { hint }),
  });
}

function leaseSource({ request, deviceKey, capacity }: StillDisk, { origin }: Address, because: string): LeaseSource {
  const { vm, snapshot } = request;
  const of =
    snapshot === undefined
      ? ({ type: 'VirtualMachine', id: vm.id } as const)
      : ({ type: 'VirtualMachineSnapshot', id: snapshot } as const);
  return { kind: 'lease', server: origin, of, deviceKey, capacity, because };
}

/** VDDK finds the way to the datastore by itself; it wants to know the server's certificate. */
function vddkSource(http: Http, { request, device, capacity, tracking }: StillDisk, { host, port }: Address): VddkSource {
  const file = device.string('backing', 'fileName');
  if (file === undefined) throw unreachable(request, 'cannot be read by VDDK: it has no file');
  const { thumbprint } = http;
  if (thumbprint === undefined) throw unreachable(request, 'cannot be read by VDDK: the server showed no certificate');
  return {
    kind: 'vddk',
    server: host,
    port,
    thumbprint,
    vm: request.vm.id,
    file,
    capacity,
    ...(request.snapshot !== undefined && { snapshot: request.snapshot }),
    ...(tracking !== undefined && { tracking }),
    because: 'VDDK was asked for',
  };
}

/** Why there are no ranges, in words that follow a colon. */
async function rangeSource(
  session: Session,
  { device, capacity, encrypted, tracking }: StillDisk,
  { address, datastore }: Ways,
  signal: AbortSignal,
): Promise<RangeSource | string> {
  const way = flatFile(device, { datastore: await datastore(device.ref('backing', 'datastore')?.id ?? ''), encrypted });
  if (typeof way === 'string') return way;
  const probed = await probe(session, { path: way.path, capacity }, signal);
  if (typeof probed === 'string') return probed;
  return {
    kind: 'range',
    url: `${address.origin}${way.path}`,
    capacity,
    ...probed,
    ...(tracking !== undefined && { tracking }),
    because: 'the datastore hands out ranges of the frozen file',
  };
}

/** Path of the flat file in the datastore browser, or why there is none. */
function flatFile(
  device: VimNode,
  { datastore, encrypted }: { readonly datastore: Datastore | undefined; readonly encrypted: boolean },
): { readonly path: string } | string {
  const backing = device.get('backing');
  if (encrypted || backing?.get('keyId') !== undefined) return 'the disk is encrypted';
  if (backing?.type === 'VirtualDiskRawDiskMappingVer1BackingInfo') return 'the disk is a raw device mapping';
  if (backing?.type !== 'VirtualDiskFlatVer2BackingInfo') return `the disk is no flat file (${backing?.type ?? 'no backing'})`;
  if (backing.get('parent') !== undefined) return 'the disk is the child of an older snapshot';
  if (datastore === undefined) return 'the datastore is not visible to this account';
  if (datastore.kind === 'vsan' || datastore.kind === 'vvol') return `a ${datastore.kind} datastore has no files to read`;
  const file = /^\[[^\]]*\]\s*(.+)\.vmdk$/.exec(backing.string('fileName') ?? '')?.[1];
  if (file === undefined) return 'the file has no name';
  const path = `${file}-flat.vmdk`.split('/').map(encodeURIComponent).join('/');
  const dsName = encodeURIComponent(datastore.name);
  return { path: `/folder/${path}?dcPath=${encodeURIComponent(datastore.dcPath)}&dsName=${dsName}` };
}

/**
 * Asks for the first byte: what marks the file, or why ranges cannot be had. Only what the server says of the file counts: a proxy that is
 * busy must not change the way that is taken.
 */
async function probe(
  session: Session,
  { path, capacity }: { readonly path: string; readonly capacity: number },
  signal: AbortSignal,
): Promise<Pick<RangeSource, 'mark'> | string> {
  let { statusCode, headers } = await firstByte(session.http, path, signal);
  if (statusCode === 401 && (await revive(session, signal)))
    ({ statusCode, headers } = await firstByte(session.http, path, signal));
  if (statusCode === 401 || statusCode === 403) return 'the server refuses the file to this account';
  if (UNSETTLED.has(statusCode)) {
    const said = `${session.http.host} answered with HTTP status ${statusCode} when it was asked for a file of a datastore`;
    throw new MigrationError('source-answer-broken', said, { file: session.http.host });
  }
  if (statusCode === 200) return 'the server ignores ranges';
  if (statusCode !== 206) return `the server answered with HTTP status ${statusCode}`;
  const total = /^bytes 0-0\/(\d+)$/.exec(String(headers['content-range'] ?? ''))?.[1];
  if (total === undefined) return 'the server does not say which range it gave';
  if (Number(total) !== capacity) return `the file has ${total} bytes where the disk has ${capacity}`;
  const mark = headers['etag'] ?? headers['last-modified'];
  return mark === undefined ? {} : { mark: String(mark) };
}

async function firstByte(http: Http, path: string, signal: AbortSignal): Promise<Pick<HttpAnswer, 'statusCode' | 'headers'>> {
  const answer = await http.request({ method: 'GET', path, headers: { range: 'bytes=0-0' } }, signal);
  // A server that ignores the range would send the whole disk: the connection is given up instead.
  await http.discard(answer);
  return answer;
}
