/** `.kubeferry/guests/<target name>.json`: what is to be done to a guest at its cutover, for tests of its target before. No secrets: files are named. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { TestGuest } from '../contracts/folder-tests.ts';
import { isLookedInto } from '../model/conversion.ts';
import { conversionRequest } from '../model/conversion-request.ts';
import { MigrationError } from '../model/errors.ts';
import type { GuestIp } from '../model/network.ts';
import { ownPlacements } from '../model/own-placements.ts';
import type { VmPlan } from '../model/plan.ts';
import { type MacAddress, parseMac } from '../model/units.ts';
import { readIfThere, writeDurably } from './durable-file.ts';
import { STATE_FOLDER } from './marker.ts';

const Mac = z.custom<MacAddress>((value) => typeof value === 'string' && parseMac(value) === value);

const Ip: z.ZodType<GuestIp> = z.object({
  dhcp: z.boolean().exactOptional(),
  addresses: z
    .array(
      z.object({
        address: z.string(),
        prefix: z.number().exactOptional(),
        origin: z.enum(['static', 'dhcp', 'linklayer', 'random', 'other']).exactOptional(),
      }),
    )
    .exactOptional(),
  gateways: z.array(z.string()).exactOptional(),
  dns: z.array(z.string()).exactOptional(),
  searchDomains: z.array(z.string()).exactOptional(),
  routes: z.array(z.object({ to: z.string(), via: z.string().exactOptional() })).exactOptional(),
});

const Guest: z.ZodType<TestGuest> = z.object({
  policy: z.enum(['convert', 'skip']),
  keys: z.string().exactOptional(),
  disks: z.array(z.object({ key: z.string(), claim: z.string() })),
  request: z.object({
    vm: z.string(),
    firmware: z.enum(['bios', 'uefi']),
    root: z.string().exactOptional(),
    nics: z.array(z.object({ label: z.string(), mac: Mac, guestIp: Ip.exactOptional() })),
    clevis: z.array(z.string()).exactOptional(),
    virtioWin: z.string().exactOptional(),
    scripts: z
      .array(z.object({ name: z.string(), when: z.enum(['conversion', 'first-boot']), text: z.string() }))
      .exactOptional(),
  }),
});

/** @throws MigrationError `target-full`, `target-write-failed` */
export async function keepGuest(folder: string, plan: VmPlan): Promise<void> {
  const { conversion, mapping } = plan;
  const file = fileOf(folder, mapping.targetName);
  if (conversion === undefined || !isLookedInto(conversion.policy)) return await rm(file, { force: true });
  const { policy, keys } = conversion;
  const { copy: _, disks: _disks, ...request } = conversionRequest(plan, { copy: '', disks: [] });
  const disks = ownPlacements(plan).map(({ disk, claim }) => ({ key: disk, claim }));
  const guest: TestGuest = { policy, ...(keys !== undefined && { keys }), disks, request };
  const text = `${JSON.stringify(guest)}\n`;
  if ((await readIfThere(file)) !== text) await writeDurably(file, text);
}

/** Undefined where nothing is to be done. @throws MigrationError `state-unreadable` */
export async function keptGuest(folder: string, target: string): Promise<TestGuest | undefined> {
  const file = fileOf(folder, target);
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return Guest.parse(JSON.parse(text));
  } catch (cause) {
    throw new MigrationError('state-unreadable', `${file} does not say what is to be done to the guest.`, { file, cause });
  }
}

function fileOf(folder: string, target: string): string {
  return path.join(folder, STATE_FOLDER, 'guests', `${target}.json`);
}
