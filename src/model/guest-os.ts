/**
 * Which operating system a source's identifier means. One catalogue for assessment and mapping alike.
 * The rows are in guest-os/; this file only finds the row.
 */
import { LINUX } from './guest-os/linux.ts';
import { OTHERS } from './guest-os/others.ts';
import type { GuestOs, GuestOsRow } from './guest-os/row.ts';
import { ANY_WINDOWS, WINDOWS } from './guest-os/windows.ts';
import type { Guest } from './vm.ts';

/** Order matters for descriptions: exact rows first; rows that say "some Windows" come last, after every exact text had its chance. */
export const GUEST_OS_TABLE: readonly GuestOsRow[] = [...WINDOWS, ...LINUX, ...OTHERS, ...ANY_WINDOWS];

const INDEX = buildIndex(GUEST_OS_TABLE);

/**
 * The catalogue's row for a guest; undefined when nothing is known or nothing matches. The identifier comes first; where it only
 * names a family (`otherLinux64Guest`, CIM 36), the description may be more exact.
 */
export function findGuestOs(guest: Guest): GuestOs | undefined {
  const byId = findById(guest);
  if (byId !== undefined && byId.generic !== true) return byId;
  const byName = guest.osName === undefined ? undefined : findByText(guest.osName);
  if (byName !== undefined && (byId === undefined || byName.generic !== true)) return byName;
  return byId;
}

/** Lower case without the suffixes that only say how wide the processor is: `rhel8_64Guest`, `winXPPro64Guest`, `rhel8-64`, `RedHat8_64`. */
export function normaliseOsId(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/guest$/, '')
    .replace(/[_-](64|32|x64|arm64)$|(?<=[a-z])64$/, '');
}

function findById({ osId, osIdKind }: Guest): GuestOs | undefined {
  if (osId === undefined) return undefined;
  const id = normaliseOsId(osId);
  if (osIdKind !== undefined) return INDEX.get(`${osIdKind}:${id}`) ?? findByText(osId);
  return INDEX.get(`vmware:${id}`) ?? INDEX.get(`virtualbox:${id}`) ?? findByText(osId);
}

function findByText(text: string): GuestOs | undefined {
  if (text.length > 500) return undefined;
  return GUEST_OS_TABLE.find((row) => row.text?.test(text) === true);
}

function buildIndex(table: readonly GuestOsRow[]): ReadonlyMap<string, GuestOs> {
  const index = new Map<string, GuestOs>();
  for (const row of table) {
    for (const id of row.vmware ?? []) index.set(`vmware:${id}`, row);
    for (const id of row.cim ?? []) index.set(`cim:${id}`, row);
    for (const id of row.vbox ?? []) index.set(`virtualbox:${id}`, row);
  }
  return index;
}
