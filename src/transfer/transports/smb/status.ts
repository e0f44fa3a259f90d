/** What an NTSTATUS of a server means for a copy ([MS-ERREF] 2.3.1). Only codes count: texts are in the server's language. */
import type { ErrorCode } from '../../../model/error-codes.ts';
import { MigrationError } from '../../../model/errors.ts';

export const STATUS = {
  ok: 0,
  pending: 0x103,
  moreProcessing: 0xc000_0016,
  notSupported: 0xc000_00bb,
  notKnown: 0xc000_0010,
} as const;

interface Meaning {
  readonly code: ErrorCode;
  /** What the server says, in our words: it follows the server's or the file's name. */
  readonly says: string;
  readonly hint?: string;
}

const RIGHTS =
  'Give the account read access to the share and, by NTFS rights, to the folder of the disks; files of a VM are closed to everybody but administrators.';
const LOGIN = 'source-login-failed';

const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [0xc000_006d, { code: LOGIN, says: 'does not take this user name and password' }],
  [0xc000_0064, { code: LOGIN, says: 'does not take this user name and password' }],
  [0xc000_006a, { code: LOGIN, says: 'does not take this user name and password' }],
  [
    0xc000_006e,
    { code: LOGIN, says: 'does not let this account log in (a restriction of the account, such as an empty password)' },
  ],
  [0xc000_006f, { code: LOGIN, says: 'does not let this account log in at this hour' }],
  [0xc000_0070, { code: LOGIN, says: 'does not let this account log in from here' }],
  [0xc000_0071, { code: LOGIN, says: 'says that the password has expired' }],
  [0xc000_0072, { code: LOGIN, says: 'says that the account is disabled' }],
  [0xc000_0193, { code: LOGIN, says: 'says that the account has expired' }],
  [0xc000_0224, { code: LOGIN, says: 'says that the password has to be changed first' }],
  [0xc000_0234, { code: LOGIN, says: 'says that the account is locked' }],
  [0xc000_015b, { code: LOGIN, says: 'does not let this account log in over the network' }],
  [0xc000_0133, { code: LOGIN, says: 'has another time than this machine', hint: 'Compare the clocks of both.' }],
  [0xc000_005e, { code: 'source-busy', says: 'cannot reach a domain controller to check the login' }],
  [0xc000_0418, { code: LOGIN, says: 'refuses logins by NTLM', hint: 'Allow NTLM for this account, or use a mounted share.' }],
  [0xc000_0022, { code: 'source-forbidden', says: 'denies access', hint: RIGHTS }],
  [0xc000_0061, { code: 'source-forbidden', says: 'denies access: a privilege is missing', hint: RIGHTS }],
  [0xc000_00ca, { code: 'source-forbidden', says: 'denies access to the share', hint: RIGHTS }],
  [0xc000_00cc, { code: 'disk-unreachable', says: 'has no share of this name' }],
  [0xc000_0034, { code: 'disk-unreachable', says: 'is not there' }],
  [0xc000_000f, { code: 'disk-unreachable', says: 'is not there' }],
  [0xc000_003a, { code: 'disk-unreachable', says: 'is not there: its folder is missing' }],
  [0xc000_0033, { code: 'disk-unreachable', says: 'has a name that is not possible' }],
  [0xc000_00ba, { code: 'disk-unreachable', says: 'is a folder' }],
  [0xc000_0056, { code: 'disk-unreachable', says: 'is being deleted' }],
  [
    0xc000_0257,
    { code: 'disk-unreachable', says: 'is elsewhere (DFS)', hint: 'Map the path to the server and share that hold the file.' },
  ],
  [
    0xc000_0043,
    {
      code: 'source-busy',
      says: 'is held open by another program that shares it with nobody',
      hint: 'A running VM holds the files that it writes: copy from a checkpoint, or shut it down; look also for backups.',
    },
  ],
  [0xc000_0054, { code: 'source-busy', says: 'is locked by another program' }],
  [0xc000_00bb, { code: 'source-refused', says: 'does not support what was asked of it; SMB 3 is needed' }],
  [0xc000_009c, { code: 'source-read-failed', says: 'cannot be read from its medium' }],
  [0xc000_003e, { code: 'source-read-failed', says: 'cannot be read from its medium' }],
  [0xc000_003f, { code: 'source-read-failed', says: 'cannot be read from its medium (a checksum is wrong)' }],
  [0xc000_0185, { code: 'source-read-failed', says: 'cannot be read: its device reports an error' }],
  [0xc000_0011, { code: 'source-changed', says: 'has become shorter while it was read' }],
]);

/** A session, a share or a handle is over; another session has new ones. */
const OVER: ReadonlySet<number> = new Set([
  0xc000_0203, 0xc000_035c, 0xc000_00c9, 0xc000_0128, 0xc000_0008, 0xc000_020c, 0xc000_020d, 0xc000_026e, 0xc000_0466,
  0xc000_0467, 0xc000_013c,
]);
/** A server is short of something. */
const SHORT: ReadonlySet<number> = new Set([
  0xc000_009a, 0xc000_0205, 0xc000_00d0, 0xc000_00b5, 0xc000_00cb, 0xc000_0120, 0xc000_0097,
]);

/** A request failed in a way that passes. */
export class Passing extends Error {
  /** The session is of no use any more. */
  readonly over: boolean;

  constructor(message: string, over: boolean) {
    super(message);
    this.over = over;
  }
}

/**
 * @param place whom the server speaks of: itself, a share or a file, as people write it
 * @throws Passing, MigrationError
 */
export function checkStatus(status: number, place: string): void {
  if (status === STATUS.ok) return;
  const number = `0x${status.toString(16).padStart(8, '0')}`;
  if (OVER.has(status) || SHORT.has(status))
    throw new Passing(`${place} cannot be used at the moment (${number})`, OVER.has(status));
  const { code, says, hint } = MEANINGS.get(status) ?? { code: 'source-refused', says: 'cannot be used' };
  throw new MigrationError(code, `${place} ${says} (${number}).`, { file: place, ...(hint !== undefined && { hint }) });
}
