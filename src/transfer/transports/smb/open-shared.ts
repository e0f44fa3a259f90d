/**
 * Disks of VHD and VHDX files on shares of a Hyper-V host. Start here.
 *
 *   SmbServer (session, logins anew) ─► SmbBytes (one file) ─► ReadAhead ─► VHDX, VHD (../../formats) ─► ChainReader
 *      └─ SmbLink ─► login, SmbConnection (requests, credits) ─► wire/, security/
 *
 * The client speaks SMB 3 (3.0, 3.0.2, 3.1.1), only reads, and believes nothing that the server did not sign or seal. It needs no mount, no
 * driver and no rights on this machine. Not in here: SMB 2.1 and older, DFS referrals, Kerberos, several channels of one session, writing.
 */
import type { SourceAccess } from '../../../contracts/source-access.ts';
import type { MountedFile, SharedImageSource, SharedLayer, SmbFile } from '../../../model/transfer.ts';
import { formatBytes, KiB } from '../../../model/units.ts';
import { ChainReader, type Pace } from '../file/chain-reader.ts';
import { type Chain, type ChainLayer, describeChain, openLayers } from '../file/open-layers.ts';
import type { DiskReader } from '../reader.ts';
import { pathOf, SharedFiles, type SharedOptions } from './shared-files.ts';

/**
 * @param access needed for files on shares that are not mounted
 * @throws MigrationError `disk-unreachable`, `source-forbidden`, `source-busy`, `source-login-failed`, `source-unreachable`, `source-refused`,
 *   `source-read-failed`, and what is wrong with the images: see `openLayers`
 */
export async function openShared(
  source: SharedImageSource,
  access: SourceAccess | undefined,
  options: SharedOptions,
): Promise<DiskReader> {
  const files = new SharedFiles(access, options);
  const toLayer = ({ format, file }: SharedLayer): ChainLayer => {
    return { format, name: pathOf(file), open: () => files.open(file) };
  };
  const [top, ...parents] = source.layers;
  const chain: Chain = [toLayer(top), ...parents.map(toLayer)];
  try {
    const layers = await openLayers(chain, source.capacity, options.signal);
    const { protection, pace } = files;
    const [name, how] = protection === undefined ? ['file', ''] : ['smb', `; ${protection}`];
    const transport = `${name}: ${source.because}; ${describeChain(chain)}${how}`;
    return new ChainReader({
      layers,
      size: source.capacity,
      transport,
      ...(pace !== undefined && { pace: (): Pace => files.pace ?? pace }),
      stop: () => files.stop(),
      close: () => files[Symbol.asyncDispose](),
    });
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Opens one file and reads its first bytes: what a doctor wants to know of a share. Says what was found, for people.
 * @throws MigrationError as openShared does, at once: nothing is tried again
 */
export async function lookAtShared(
  file: SmbFile | MountedFile,
  access: SourceAccess | undefined,
  options: SharedOptions,
): Promise<string> {
  await using files = new SharedFiles(access, { attempts: 1, ...options });
  const bytes = await files.open(file);
  const head = Buffer.alloc(Math.min(64 * KiB, bytes.size));
  await bytes.fill(0, head, options.signal);
  const mark = head.toString('latin1', 0, 8);
  const what = mark === 'vhdxfile' ? 'a VHDX' : mark === 'conectix' ? 'a dynamic VHD' : 'a file';
  return [`${pathOf(file)} is ${what} of ${formatBytes(bytes.size)}`, files.protection].filter(Boolean).join('; ');
}
