/** What a folder keeps of the work on a guest. Words are written out as records, so that one that the types gain is missed by the compiler. */
import * as z from 'zod';
import type { BootFailure, BootProof, BootSign } from '../model/boot-proof.ts';
import { CONVERSION_PHASES, type GuestOutcome } from '../model/conversion.ts';

type Words<T extends string> = { readonly [Word in T]: Word };

const SIGNS: Words<BootSign> = {
  'login-prompt': 'login-prompt',
  'system-target': 'system-target',
  'guest-agent': 'guest-agent',
  'steady-picture': 'steady-picture',
  probe: 'probe',
  running: 'running',
};
const FAILURES: Words<BootFailure> = {
  'no-boot-device': 'no-boot-device',
  'boot-loader-stopped': 'boot-loader-stopped',
  'root-not-found': 'root-not-found',
  'kernel-panic': 'kernel-panic',
  'passphrase-wanted': 'passphrase-wanted',
  'emergency-mode': 'emergency-mode',
  'windows-boot-error': 'windows-boot-error',
  'reset-loop': 'reset-loop',
  'powered-off': 'powered-off',
  'probe-failed': 'probe-failed',
  'not-scheduled': 'not-scheduled',
  'not-running': 'not-running',
  'no-sign': 'no-sign',
};

export const Outcome: z.ZodType<GuestOutcome> = z.object({
  policy: z.enum(['convert', 'skip']),
  copy: z.string(),
  accelerator: z.enum(['kvm', 'tcg']),
  converter: z.string().exactOptional(),
  guest: z.string().exactOptional(),
  changes: z.array(
    z.object({ subject: z.enum(['system', 'network', 'tools', 'boot']), what: z.string(), file: z.string().exactOptional() }),
  ),
  warnings: z.array(z.string()),
  configured: z
    .array(z.object({ mac: z.string(), addresses: z.array(z.string()), gateways: z.array(z.string()) }))
    .exactOptional(),
  agent: z.enum(['present', 'announced', 'absent']).exactOptional(),
  seconds: z.array(z.object({ phase: z.enum(CONVERSION_PHASES), seconds: z.number() })),
  disks: z.array(z.object({ disk: z.string(), changed: z.number(), root: z.string().exactOptional() })),
});

export const Proof: z.ZodType<BootProof> = z.object({
  booted: z.boolean(),
  evidence: z.array(z.object({ kind: z.enum(SIGNS), text: z.string(), seconds: z.number() })),
  trouble: z.object({ code: z.enum(FAILURES), text: z.string() }).exactOptional(),
  seconds: z.number(),
  accelerator: z.object({ name: z.enum(['kvm', 'tcg']), because: z.string() }),
  screenshot: z.string().exactOptional(),
  addresses: z.record(z.string(), z.array(z.string())),
  console: z.string(),
  differences: z.array(z.string()),
});
