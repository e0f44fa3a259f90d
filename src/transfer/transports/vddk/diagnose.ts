/**
 * What nbdkit, its vddk plugin and the library under it mean by what they say. Pure. The words are those of nbdkit 1.32 to 1.42 and of
 * VDDK 6.5 to 8 as its users report them; what is not known is passed on as it was said.
 */
import type { ErrorCode } from '../../../model/error-codes.ts';
import { MigrationError } from '../../../model/errors.ts';

interface Meaning {
  readonly said: RegExp;
  readonly code: ErrorCode;
  /** `match` is what `said` found. */
  readonly message: (match: RegExpExecArray, about: About) => string;
  readonly hint: string;
}

/** Names for people. */
interface About {
  /** Of the server that was called. */
  readonly server: string;
  readonly libraryFolder: string;
}

const PORT_HINT =
  'Open TCP 902 from here to the ESXi hosts themselves, not only to vCenter, and check that their names can be resolved here.';

/** First match wins: causes stand before their consequences. */
const MEANINGS: readonly Meaning[] = [
  {
    said: /cannot open plugin .*vddk/i,
    code: 'tool-missing',
    message: () => 'nbdkit is installed without its vddk plugin.',
    hint: 'Install it: Debian 13 has nbdkit-plugin-vddk in contrib, Fedora and RHEL have nbdkit-vddk-plugin; Debian 12 has none, so build nbdkit there.',
  },
  {
    said: /required VDDK symbol "([^"]*)" is missing/,
    code: 'tool-missing',
    message: ([, symbol], { libraryFolder }) =>
      `The library in ${libraryFolder} has no ${symbol}: it is older than VDDK 6.5, or no VDDK.`,
    hint: 'Unpack a VDDK of the version of the host, 6.5 or newer.',
  },
  {
    said: /(\S*lib[\w+-]*\.so[.\d]*): cannot open shared object file/,
    code: 'tool-missing',
    message: ([, library], { libraryFolder }) => `The library in ${libraryFolder} cannot be loaded: ${library} was not found.`,
    hint: 'Give the folder that VDDK was unpacked to (it holds lib64/libvixDiskLib.so.N); nbdkit 1.42 takes N = 6, 7 and 8, a newer VDDK needs a newer nbdkit.',
  },
  {
    said: /VixDiskLib_InitEx: (.*)/,
    code: 'tool-missing',
    message: ([, reason], { libraryFolder }) => `The library in ${libraryFolder} does not start: ${reason}.`,
    hint: 'Unpack VDDK anew, and check that all of its lib64 folder is there.',
  },
  {
    said: /Failed to verify SSL certificate: actual thumbprint=([0-9A-F:]+)|(?:SSL|certificate).*(?:verif|thumbprint|not trusted|mismatch)/i,
    code: 'source-untrusted',
    message: ([, actual], { server }) =>
      `The certificate of ${server} is not the expected one${actual === undefined ? '' : `: its SHA-1 is ${actual}`}.`,
    hint: 'If the certificate was renewed, compare it on the server and give the new thumbprint. If not, somebody is in between.',
  },
  {
    said: /incorrect user name or password|InvalidLogin|Login failure|Insufficient permissions in the host operating system/i,
    code: 'source-login-failed',
    message: (_, { server }) => `${server} refuses the login of VDDK.`,
    hint: 'Check user name and password, that the account is not locked, and that it may log in where the host runs.',
  },
  {
    said: /not licensed for this feature|NoPermission|Permission to perform this operation was denied/i,
    code: 'source-forbidden',
    message: (_, { server }) => `${server} does not let this account read disks.`,
    hint: 'Give the account VirtualMachine.Provisioning.DiskRandomRead, DiskRandomAccess and GetVmFiles on the VM; a free ESXi licence has no way to read disks.',
  },
  {
    said: /host address lookup for server (\S+)|could not resolve host:? ?(\S*)/i,
    code: 'source-unreachable',
    message: ([, a, b]) => `The name of the ESXi host ${a ?? b ?? ''} is not known here.`,
    hint: 'Make the names by which vCenter knows its hosts resolvable here.',
  },
  {
    said: /Failed to connect to server ?([\w.:-]+:902)/i,
    code: 'source-unreachable',
    message: ([, host]) => `The ESXi host ${host} cannot be reached, from which VDDK reads the disk.`,
    hint: PORT_HINT,
  },
  {
    said: /CnxAuthdConnect|vmware-authd|NfcNewAuthdConnection|server refused connection|Cannot connect to host/i,
    code: 'source-unreachable',
    message: () => 'The ESXi host of the VM cannot be reached on port 902, from which VDDK reads the disk.',
    hint: PORT_HINT,
  },
  {
    said: /version.{0,40}(?:not supported|unsupported|incompatible)|(?:not supported|unsupported|incompatible).{0,40}version/i,
    code: 'disk-unreachable',
    message: (_, { server }) => `The VDDK library does not fit the version of ${server}.`,
    hint: 'Unpack the VDDK release that names this vSphere version in its release notes.',
  },
  {
    said: /Failed to lock the file|file is (?:already )?in use|being used by another/i,
    code: 'source-busy',
    message: () => 'The disk is locked by something else on the source.',
    hint: 'Look for a backup, a storage migration or a running VM; a running VM is read through a snapshot.',
  },
  {
    said: /Failed to allocate the\s+requested (\d+) bytes/,
    code: 'source-busy',
    message: () => 'The ESXi host has no memory left for this many disks at once.',
    hint: 'Copy fewer disks of this host at the same time.',
  },
  {
    said: /Cannot create disk spec|obtaining the file name/,
    code: 'disk-unreachable',
    message: () => 'VDDK cannot open the disk; it cannot open independent disks.',
    hint: 'Set the disk to dependent mode while the VM is off, or copy another way.',
  },
  {
    said: /do not have access rights to this file|Not able to find the VM|unable to (?:find|locate)/i,
    code: 'disk-unreachable',
    message: (_, { server }) => `${server} does not know this disk of this VM.`,
    hint: 'The VM may have been moved, or its snapshot removed: run again.',
  },
];

/**
 * @param said everything that nbdkit wrote to stderr
 * @param secret is not told, whoever says it
 */
export function diagnoseVddk(said: string, about: About, secret: string): MigrationError {
  const text = secret === '' ? said : said.replaceAll(secret, '…');
  for (const { said: pattern, code, message, hint } of MEANINGS) {
    const match = pattern.exec(text);
    if (match !== null) return new MigrationError(code, message(match, about), { hint, cause: new Error(lastError(text)) });
  }
  const why = lastError(text);
  return new MigrationError('disk-unreachable', `VDDK cannot open the disk${why === '' ? '.' : `: ${why}`}`);
}

/** The last thing that was called an error; without what is said about every «Unknown error». */
function lastError(text: string): string {
  const errors = text.split('\n').filter((line) => / error: /.test(line) && !line.includes('VDDK "Unknown error" can be caused'));
  return (errors.at(-1) ?? text.split('\n').at(-1) ?? '').replace(/^nbdkit: (?:[^ ]* )?error: /, '').slice(0, 300);
}
