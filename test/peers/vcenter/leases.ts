/**
 * Export leases over the disks of simulated guests: ExportVm, which the simulator has not, and ExportSnapshot, both serving the stream-optimised
 * VMDK that qemu-img makes of the bytes at that moment. A lease ends when it is completed, aborted, or not renewed for its timeout.
 * The lease objects themselves are the simulator's, made from a snapshot; for ExportVm one that exists for some milliseconds.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { invalidPowerState, type Machines } from './machines.ts';
import { type Answer, fault, returned, type SoapCall } from './soap.ts';
import type { Incoming, Upstream } from './upstream.ts';

export interface LeaseRecord {
  readonly id: string;
  readonly vm: string;
  /** Of the whole VM, which keeps it from being powered on. */
  readonly whole: boolean;
  state: 'ready' | 'completed' | 'aborted' | 'expired';
}

export interface LeaseRules {
  /** Seconds without news from the client after which a lease ends; 300 when absent. */
  readonly leaseTimeout?: number;
  /** Looks at a new lease that find it still being prepared; none when absent. */
  readonly leasePreparing?: number;
}

interface Lease {
  readonly record: LeaseRecord;
  /** Raw bytes by the name of the file in the lease. */
  files: ReadonlyMap<string, Buffer>;
  /** Looks that find it not ready. */
  looks: number;
  /** It gets never ready. */
  readonly fails: boolean;
  timer: NodeJS.Timeout;
}

export class Leases {
  readonly #upstream: Upstream;
  readonly #machines: Machines;
  readonly #timeout: number;
  readonly #preparing: number;
  readonly #failing = new Set<string>();
  readonly #thumbprint: string;
  readonly #leases = new Map<string, Lease>();

  constructor(upstream: Upstream, machines: Machines, options: LeaseRules & { readonly thumbprint: string }) {
    this.#upstream = upstream;
    this.#machines = machines;
    this.#timeout = options.leaseTimeout ?? 300;
    this.#preparing = options.leasePreparing ?? 0;
    this.#thumbprint = options.thumbprint;
  }

  /** Every lease there ever was. */
  get all(): readonly LeaseRecord[] {
    return [...this.#leases.values()].map((lease) => lease.record);
  }

  /** The next export of this VM gets a lease that fails while it is being prepared. */
  failNext(vm: string): void {
    this.#failing.add(vm);
  }

  /** Answers the calls about exports; undefined for the rest. @param cookie of the client, whose session the lease belongs to */
  async handle(call: SoapCall, forward: () => Promise<Answer>, cookie: string): Promise<Answer | undefined> {
    if (call.operation === 'ExportVm') return this.#exportVm(call, cookie);
    if (call.operation === 'ExportSnapshot') return this.#exportSnapshot(call, forward);
    const lease = this.#leases.get(call.self.id);
    if (!lease) return undefined;
    if (lease.record.state === 'expired') return fault('Timedout', { message: 'Operation timed out.' });
    if (call.operation === 'HttpNfcLeaseProgress') this.#renew(lease);
    if (call.operation === 'HttpNfcLeaseComplete') this.#end(lease, 'completed');
    if (call.operation === 'HttpNfcLeaseAbort') this.#end(lease, 'aborted');
    return undefined;
  }

  /** A file of a lease; undefined for a lease that is not ours. */
  async serve(request: Incoming): Promise<Answer | undefined> {
    const [, , id = '', name = ''] = decodeURIComponent(new URL(request.path, 'http://x').pathname).split('/');
    const lease = this.#leases.get(id);
    if (lease && lease.record.state !== 'ready') return { status: 404, body: '' };
    const raw = lease?.files.get(name);
    if (!raw) return undefined;
    return { status: 200, headers: { 'content-type': 'application/x-vnd.vmware-streamVmdk' }, body: await streamOptimized(raw) };
  }

  /** What a client reads about a lease. */
  rewrite(id: string, properties: string): string {
    const lease = this.#leases.get(id);
    if (!lease) return properties;
    const total = [...lease.files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    const xml = properties
      .replaceAll(/<sslThumbprint>[^<]*/g, `<sslThumbprint>${this.#thumbprint}`)
      .replace(/<totalDiskCapacityInKB>\d+/, `<totalDiskCapacityInKB>${total / 1024}`)
      .replace(/<leaseTimeout>\d+/, `<leaseTimeout>${this.#timeout}`);
    if (lease.looks > 0) {
      lease.looks -= 1;
      return prepared(xml, 'initializing');
    }
    if (lease.fails) return `${prepared(xml, 'error')}${FAILURE}`;
    return lease.record.state === 'expired'
      ? xml.replace(/(<name>state<\/name>(?:<op>assign<\/op>)?<val[^>]*>)ready/, '$1error')
      : xml;
  }

  /** The service restarts: all leases are over. */
  drop(): void {
    for (const lease of this.#leases.values()) if (lease.record.state === 'ready') this.#end(lease, 'expired');
  }

  async #exportVm(call: SoapCall, cookie: string): Promise<Answer> {
    const { id } = call.self;
    if (this.#machines.guests.get(id)?.on ?? (await this.#machines.poweredOn(id)))
      return invalidPowerState('poweredOff', 'poweredOn');
    const snapshot = await this.#upstream.run(
      'CreateSnapshot_Task',
      call.self,
      '<name>export</name><memory>false</memory><quiesce>false</quiesce>',
    );
    const self = { type: 'VirtualMachineSnapshot', id: snapshot };
    const made = await this.#upstream.call('ExportSnapshot', self, '', cookie);
    await this.#upstream.run('RemoveSnapshot_Task', self, '<removeChildren>false</removeChildren>');
    this.#machines.exporting.add(id);
    this.#add({ id: returned(made), vm: id, whole: true, state: 'ready' });
    return {
      status: 200,
      headers: { 'content-type': 'text/xml; charset=utf-8' },
      body: made.replaceAll('ExportSnapshotResponse', 'ExportVmResponse'),
    };
  }

  async #exportSnapshot(call: SoapCall, forward: () => Promise<Answer>): Promise<Answer> {
    const made = await forward();
    const guest = this.#machines.guestOf(call.self.id);
    if (made.status === 200 && guest) {
      this.#add({ id: returned(String(made.body)), vm: guest.vm, whole: false, state: 'ready' }, call.self.id);
    }
    return made;
  }

  #add(record: LeaseRecord, snapshot?: string): void {
    const guest = this.#machines.guests.get(record.vm);
    const disks = (snapshot === undefined ? guest?.disks : guest?.everyDisk.filter((disk) => disk.seenBy(snapshot))) ?? [];
    const files = disks.map((disk) => {
      const bytes = snapshot === undefined ? disk.content() : disk.frozen(snapshot);
      return [disk.baseFile.replace(/^.*\//, ''), bytes ?? Buffer.alloc(0)] as const;
    });
    const fails = this.#failing.delete(record.vm);
    const lease: Lease = { record, files: new Map(files), looks: this.#preparing, fails, timer: setTimeout(() => undefined, 0) };
    this.#leases.set(record.id, lease);
    this.#renew(lease);
  }

  #renew(lease: Lease): void {
    clearTimeout(lease.timer);
    lease.timer = setTimeout(() => this.#end(lease, 'expired'), this.#timeout * 1000);
    lease.timer.unref();
  }

  #end(lease: Lease, state: LeaseRecord['state']): void {
    clearTimeout(lease.timer);
    lease.record.state = state;
    lease.files = new Map();
    if (lease.record.whole) this.#machines.exporting.delete(lease.record.vm);
  }
}

const FAILURE =
  '<propSet><name>error</name><val xsi:type="LocalizedMethodFault"><fault xsi:type="NoDiskSpace"></fault><localizedMessage>There is not enough space for the export.</localizedMessage></val></propSet>';

/** What is seen of a lease that cannot be used. */
function prepared(xml: string, state: string): string {
  return xml
    .replace(/(<name>state<\/name>(?:<op>assign<\/op>)?<val[^>]*>)\w+/, `$1${state}`)
    .replace(/<propSet><name>info<\/name>[\s\S]*?<\/propSet>/, '');
}

/** The bytes as qemu-img compresses them. */
async function streamOptimized(raw: Buffer): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeferry-lease-'));
  try {
    await writeFile(join(folder, 'raw'), raw);
    const args = [
      'convert',
      '-f',
      'raw',
      '-O',
      'vmdk',
      '-o',
      'subformat=streamOptimized',
      join(folder, 'raw'),
      join(folder, 'vmdk'),
    ];
    await promisify(execFile)('qemu-img', args);
    return await readFile(join(folder, 'vmdk'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
