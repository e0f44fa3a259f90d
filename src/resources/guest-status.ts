/** What the status of a VM says of its guest: what was done to it on the copied disks. */
import { z } from 'zod';
import { CONVERSION_PHASES } from '../model/conversion.ts';

const Count = z.int().min(0);
const Seconds = z.number().min(0);
const Sentence = z.string().max(1024);

const GuestChange = z.strictObject({
  subject: z.enum(['system', 'network', 'tools', 'boot']),
  what: Sentence,
  file: z.string().max(1024).exactOptional().describe('File in the guest.'),
});

const Address = z.string().max(64);

const ConfiguredNic = z.strictObject({
  mac: z.string().max(64),
  addresses: z.array(Address).max(32).describe('With the length of their prefix where it is known.'),
  gateways: z.array(Address).max(32),
});

export const GuestStatus = z.strictObject({
  policy: z.enum(['convert', 'skip']).describe('skip: it was looked whether the guest needs no conversion.'),
  copy: z.string().max(32_768).describe('What was on the disks: another copy is converted anew.'),
  accelerator: z.enum(['kvm', 'tcg']).describe('tcg: emulation, where no node has KVM for workers or none could use it.'),
  converter: z.string().max(256).exactOptional().describe('Name and version of what converted it.'),
  system: Sentence.exactOptional().describe('The system, as it was found on the disks.'),
  seconds: Seconds.describe('How long it took.'),
  changes: z.array(GuestChange).max(64).describe('What was done to it; all that there was room for.'),
  warnings: z.array(Sentence).max(32),
  configured: z
    .array(ConfiguredNic)
    .max(64)
    .exactOptional()
    .describe('NICs to which the configuration in the guest gives static addresses.'),
  agent: z
    .enum(['present', 'announced', 'absent'])
    .exactOptional()
    .describe('The QEMU guest agent; announced: it is installed at the first boot, where the guest reaches its packages.'),
  phases: z
    .array(
      z.strictObject({
        phase: z.enum(CONVERSION_PHASES),
        seconds: Seconds,
      }),
    )
    .max(32)
    .describe('Where the time went.'),
  disks: z
    .array(
      z.strictObject({
        disk: z.string().max(256),
        changed: Count.describe('Bytes of the places that were written.'),
        root: z.string().max(64).exactOptional().describe('Hash of what it holds since.'),
      }),
    )
    .max(256)
    .describe('Disks that hold something else since.'),
});
