/** What a plan says of guests, both ways: as its spec, and as the terms that prepare() takes. Pure. */
import { z } from 'zod';
import type { BootProbe, ProofTerms } from '../model/boot-proof.ts';
import type { ConversionTerms } from '../model/conversion.ts';
import { MigrationError } from '../model/errors.ts';
import type { GuestChoice, GuestTerms } from '../model/guest-terms.ts';
import { LocalRef, ObjectName, rules } from './common.ts';

const Name = z.string().min(1).max(1024);
const Port = z.int().min(1).max(65_535).describe('TCP port of the guest.');
const Mac = z
  .string()
  .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
  .exactOptional()
  .describe('The NIC that is asked, by its address; the first one when absent.');

const Probe = z
  .strictObject({
    tcp: z
      .strictObject({
        port: Port,
        mac: Mac,
        banner: z.string().min(1).max(256).exactOptional().describe('Regular expression that what it greets with matches.'),
      })
      .exactOptional()
      .describe('A port that takes a connection.'),
    http: z
      .strictObject({
        port: Port,
        mac: Mac,
        path: z.string().max(1024).regex(/^\//).exactOptional().describe('Path of the page; / when absent.'),
        status: z.int().min(100).max(599).exactOptional().describe('Status of the answer; 200 when absent.'),
        body: z.string().min(1).max(256).exactOptional().describe('Regular expression that the page matches.'),
      })
      .exactOptional()
      .describe('A page that answers.'),
  })
  .meta(rules(['has(self.tcp) != has(self.http)', 'say either tcp or http']));

const Proof = z
  .strictObject({
    type: z
      .enum(['boot', 'none'])
      .default('boot')
      .describe('boot: the VM counts as migrated when its guest was seen to boot; none: when it is made.'),
    deadlineSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .exactOptional()
      .describe('From switching on until everything was seen; by the system of the guest when absent.'),
    probes: z.array(Probe).max(16).exactOptional().describe('What the guest has to answer, all of it.'),
  })
  .describe('What has to be seen of the guest.');

const Script = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)
    .describe('Tells it from others; a name that ends in .ps1 is a PowerShell script.'),
  when: z
    .enum(['conversion', 'first-boot'])
    .describe(
      'conversion: once, on the copied disks, by the own shell of a Linux guest; first-boot: when it starts for the first time.',
    ),
  // Orders of workers are annotations, of which an object has 256 KiB.
  text: z.string().min(1).max(16_384).describe('The script.'),
});

/** Without a default for any of them, so that an exception says only what is different. */
const fields = {
  root: z
    .string()
    .max(256)
    .regex(/^(btrfsvol:)?\/dev\/[A-Za-z0-9_/.+@-]+$/)
    .exactOptional()
    .describe('Device of the root file system where more than one system is on the disks, such as /dev/sdb2.'),
  clevis: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(16)
    .exactOptional()
    .describe('Encrypted volumes that Clevis opens by network; all for every one.'),
  keysSecret: LocalRef.exactOptional().describe(
    'Secret with the passphrases of encrypted volumes: a value a passphrase, alone or behind /dev/sda2=, or alone under the UUID of its volume. It is in the namespace where VMs are made.',
  ),
  virtioWin: z
    .strictObject({
      claim: ObjectName.describe('Claim with virtio-win, in the namespace where VMs are made.'),
      path: z
        .string()
        .max(512)
        .regex(/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/)
        .exactOptional()
        .describe('ISO image or folder on it; all of it when absent.'),
    })
    .exactOptional()
    .describe('Drivers for Windows guests.'),
  scripts: z.array(Script).max(8).exactOptional().describe('Scripts that change the guest.'),
  proof: Proof.exactOptional(),
};

const POLICIES = ['convert', 'skip', 'compatibility', 'none'] as const;

const Exception = z
  .strictObject({
    vms: z.array(Name).min(1).max(1000).describe('VMs by name or id.'),
    policy: z.enum(POLICIES).exactOptional().describe('What becomes of these guests.'),
    ...fields,
  })
  .describe('What is different for some VMs; what it does not say is as for all others.');

export const GuestSpec = z
  .strictObject({
    policy: z
      .enum(POLICIES)
      .default('convert')
      .describe(
        'convert: the guest is given virtio drivers; skip: it has them, which is looked for; compatibility: it stays as it is and gets sata disks and e1000e NICs; none: nobody looks into it, and nothing has to be seen of it.',
      ),
    ...fields,
    exceptions: z.array(Exception).max(256).exactOptional().describe('What is different for some VMs.'),
  })
  .describe('What becomes of the guests on the copied disks; they are converted and have to be seen to boot when absent.');

type GuestSpec = z.output<typeof GuestSpec>;
type One = Omit<GuestSpec, 'exceptions'>;

/** @throws MigrationError `config-invalid` for a VM that two exceptions name */
export function guestTermsOf(spec: GuestSpec | undefined): GuestTerms {
  const { exceptions = [], ...others } = spec ?? { policy: 'convert' };
  const byVm = new Map<string, GuestChoice>();
  for (const { vms, ...different } of exceptions) {
    const choice = choiceOf({ ...others, ...different });
    for (const vm of vms) {
      if (byVm.has(vm)) throw new MigrationError('config-invalid', `Two of guest.exceptions name ${vm}.`);
      byVm.set(vm, choice);
    }
  }
  return { others: choiceOf(others), byVm };
}

function choiceOf({ policy, proof, ...guest }: One): GuestChoice {
  const terms = proofOf(policy, proof);
  return { conversion: conversionOf(policy, guest), ...(terms !== undefined && { proof: terms }) };
}

function conversionOf(
  policy: One['policy'],
  { root, clevis, keysSecret, virtioWin, scripts }: Omit<One, 'policy' | 'proof'>,
): ConversionTerms {
  if (policy === 'none' || policy === 'compatibility') return { policy };
  const path = virtioWin?.path === undefined ? '' : `/${virtioWin.path}`;
  return {
    policy,
    ...(root !== undefined && { root }),
    ...(clevis !== undefined && { clevis }),
    ...(keysSecret !== undefined && { keys: keysSecret.name }),
    ...(policy === 'convert' && virtioWin !== undefined && { virtioWin: `${virtioWin.claim}${path}` }),
    ...(policy === 'convert' && scripts !== undefined && { scripts }),
  };
}

function proofOf(policy: One['policy'], { type, probes = [], deadlineSeconds }: NonNullable<One['proof']> = { type: 'boot' }) {
  if (policy === 'none' || type === 'none') return undefined;
  const asked = probes.flatMap(({ tcp, http }): readonly BootProbe[] => [
    ...(tcp === undefined ? [] : [{ kind: 'tcp', ...tcp } as const]),
    ...(http === undefined ? [] : [{ kind: 'http', ...http } as const]),
  ]);
  const terms: ProofTerms = { probes: asked, ...(deadlineSeconds !== undefined && { deadlineSeconds }) };
  return terms;
}

/**
 * The spec that means these terms; what goes without saying is left out. Undefined where everything does.
 * @throws MigrationError `config-invalid` for what a plan in a cluster has no field for
 */
export function guestSpecOf({ others, byVm }: GuestTerms): z.input<typeof GuestSpec> | undefined {
  const usual = specOf(others);
  const exceptions = [...byVm].map(([vm, choice]) => ({ vms: [vm], ...specOf(choice) }));
  if (exceptions.length === 0 && JSON.stringify(usual) === JSON.stringify(specOf(choiceOf({ policy: 'convert' }))))
    return undefined;
  return { ...usual, ...(exceptions.length > 0 && { exceptions }) };
}

/** All of it: an exception replaces what is said for all others. */
function specOf({ conversion = { policy: 'none' }, proof }: GuestChoice) {
  const { policy, root, clevis, keys, virtioWin, scripts } = conversion;
  const [, claim = '', path] = /^([^/]+)(?:\/(.*))?$/.exec(virtioWin ?? '') ?? [];
  return {
    policy,
    ...(root !== undefined && { root }),
    ...(clevis !== undefined && { clevis: [...clevis] }),
    ...(keys !== undefined && { keysSecret: { name: keys } }),
    ...(virtioWin !== undefined && { virtioWin: { claim, ...(path !== undefined && { path }) } }),
    ...(scripts !== undefined && { scripts: [...scripts] }),
    ...(policy !== 'none' && { proof: proofSpecOf(proof) }),
  };
}

function proofSpecOf(proof: ProofTerms | undefined): z.input<typeof Proof> {
  if (proof === undefined) return { type: 'none' };
  const probes = proof.probes.map((probe) => {
    if (probe.kind === 'script')
      throw new MigrationError('config-invalid', 'A plan in a cluster has no field for a probe by a script of this machine.');
    const { kind, ...about } = probe;
    return kind === 'tcp' ? { tcp: about } : { http: about };
  });
  return {
    type: 'boot',
    ...(proof.deadlineSeconds !== undefined && { deadlineSeconds: proof.deadlineSeconds }),
    ...(probes.length > 0 && { probes }),
  };
}
