/** What the tests of this transport share: disks on a share, and a login to it. */
import type { SourceAccess } from '../../../../src/contracts/source-access.ts';
import type { SharedImageSource, SmbFile } from '../../../../src/model/transfer.ts';
import type { DiskReader } from '../../../../src/transfer/transports/reader.ts';
import { openShared } from '../../../../src/transfer/transports/smb/open-shared.ts';
import type { SharedOptions } from '../../../../src/transfer/transports/smb/shared-files.ts';
import type { Samba } from '../../../peers/samba.ts';
import { hurriedClock, live } from '../range/fixture.ts';

export const BECAUSE = 'the host shares the folder of the disk';
export const SHARE = 'vms';

export interface Server {
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

export function accessTo({ user, password }: Omit<Server, 'port'>): SourceAccess {
  return { headers: async () => ({}), trust: () => ({}), credentials: async () => ({ user, password }) };
}

export function smbFile(port: number, path: string, more: Partial<SmbFile> = {}): SmbFile {
  return { kind: 'smb', server: '127.0.0.1', port, share: SHARE, path, ...more };
}

export interface Wanted {
  /** The image that the guest wrote last, then its parents. */
  readonly names: readonly [string, ...string[]];
  readonly capacity: number;
  readonly format?: 'vhd' | 'vhdx';
}

export function sharedSource(
  port: number,
  { names: [top, ...parents], capacity, format = 'vhdx' }: Wanted,
  more: Partial<SharedImageSource> = {},
): SharedImageSource {
  const layer = (name: string): SharedImageSource['layers'][0] => ({ format, file: smbFile(port, name) });
  return { kind: 'shared-image', layers: [layer(top), ...parents.map(layer)], capacity, because: BECAUSE, ...more };
}

export async function openOn(server: Samba | Server, wanted: Wanted, more: Partial<SharedOptions> = {}): Promise<DiskReader> {
  const options = { signal: live(), clock: hurriedClock, ...more };
  return await openShared(sharedSource(server.port, wanted), accessTo(server), options);
}
