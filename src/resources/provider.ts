/** Provider: a source of VMs that plans name. */
import { z } from 'zod';
import { commonStatus, LocalRef, ObjectName, rules, Time } from './common.ts';
import { AGE, type Kind } from './kind.ts';

const Count = z.int().min(0);

const Limits = z
  .strictObject({
    perHost: z.int().min(1).max(64).default(4).describe('Transfers at once from one host.'),
    perStorage: z.int().min(1).max(256).default(8).describe('Transfers at once from one datastore or volume.'),
    total: z.int().min(1).max(1024).exactOptional().describe('Transfers at once from this provider.'),
    bandwidth: z
      .string()
      .max(64)
      .exactOptional()
      .describe('Bytes a second over all transfers of this provider, such as 200MB/s; unlimited when absent.'),
  })
  .describe('What this source can bear.');

const Paths = z
  .array(
    z
      .strictObject({
        from: z
          .string()
          .min(3)
          .max(1024)
          .regex(/^([A-Za-z]:|\\\\[^\\/]+\\[^\\/]+)(\\|$)/)
          .describe('Folder as the host names it: C:\\VMs, C:\\ClusterStorage\\Volume1, \\\\server\\share\\folder.'),
        share: z
          .string()
          .min(5)
          .max(1024)
          .regex(/^(\\\\[^\\/]+\\[^\\/]+|smb:\/\/[^/@]+\/[^/]+)/)
          .exactOptional()
          .describe('Share that leads there, or a folder of one: \\\\server\\share, smb://server[:port]/share.'),
        claim: ObjectName.exactOptional().describe(
          'PersistentVolumeClaim on which that share is mounted (by the SMB CSI driver, ReadOnlyMany or ReadWriteMany), in the namespace that VMs go to. Workers mount it read-only.',
        ),
        folder: z.string().min(1).max(1024).exactOptional().describe('Folder on the claim.'),
      })
      .meta(
        rules(
          ['has(self.share) != has(self.claim)', 'either share or claim'],
          ['!has(self.folder) || has(self.claim)', 'folder goes with claim only'],
          [
            "!has(self.folder) || (!self.folder.startsWith('/') && !self.folder.matches('(^|/)[.][.](/|$)'))",
            'folder must stay on the claim',
          ],
        ),
      ),
  )
  .max(64)
  .describe(
    'Where folders of Hyper-V hosts are found; the longest that matches counts. Elsewhere the shares of the hosts themselves are used.',
  );

const ProviderSpec = z
  .strictObject({
    type: z.enum(['vsphere', 'hyperv', 'image']).describe('What kind of source it is.'),
    url: z
      .string()
      .min(1)
      .max(2048)
      .exactOptional()
      .describe(
        'vsphere://host[:port][/datacenter], hyperv://host[:port] or hyperv+ssh://host[:port]; never with a password in it.',
      ),
    secretRef: LocalRef.exactOptional().describe(
      'Secret with user and password, and where wanted ca.crt (PEM) and thumbprint. For Hyper-V also tls.crt and tls.key (a client certificate), share-user and share-password (another login to the shares), ssh-privatekey and known_hosts (hyperv+ssh). It is mounted, never copied.',
    ),
    insecure: z
      .boolean()
      .default(false)
      .describe('Whoever answers, also for images.url, gets the password. For tests only; the condition Ready says so.'),
    transport: z
      .enum(['auto', 'range', 'lease', 'vddk'])
      .default('auto')
      .describe('The way to the bytes; auto probes what the source offers.'),
    loginMethod: z
      .enum(['basic', 'ntlm', 'certificate'])
      .exactOptional()
      .describe('The only way to log in to a Hyper-V host; absent: the strongest that it offers.'),
    paths: Paths.exactOptional(),
    vddk: z
      .strictObject({
        image: z
          .string()
          .min(1)
          .max(1024)
          .describe('Image whose entry point copies the library to /opt/vmware-vix-disklib-distrib, as is the custom.'),
      })
      .exactOptional()
      .describe('The VDDK of the user. kubeferry needs none and ships none.'),
    images: z
      .strictObject({
        claim: ObjectName.describe('PersistentVolumeClaim that holds the files.'),
        path: z.string().min(1).max(1024).default('.').describe('File or folder on it.'),
        url: z
          .string()
          .min(1)
          .max(2048)
          .regex(/^https:\/\//)
          .exactOptional()
          .describe(
            'https://… of a file that is brought to path first; secretRef may hold user and password for it, and ca.crt.',
          ),
        sha256: z
          .string()
          .regex(/^[0-9a-fA-F]{64}$/)
          .exactOptional()
          .describe('Of the file behind url; one with another is refused.'),
      })
      .meta(
        rules(
          ["!self.path.startsWith('/') && !self.path.matches('(^|/)[.][.](/|$)')", 'path must stay on the claim'],
          ["!has(self.url) || self.path != '.'", 'url needs the path of a file'],
          ['!has(self.sha256) || has(self.url)', 'sha256 goes with url only'],
          ['!has(self.url) || !self.url.matches("^[a-z]+://[^/]*@")', 'url must not hold a password; put it into the secret'],
        ),
      )
      .exactOptional()
      .describe('Where image files are.'),
    limits: Limits.exactOptional(),
  })
  .meta(
    rules(
      ["self.type == 'image' ? has(self.images) : has(self.url)", 'image needs images; every other type needs url'],
      ["self.type == 'image' || has(self.secretRef)", 'a source that is logged in to needs secretRef'],
      ['!has(self.url) || !self.url.matches("^[a-z+]+://[^/]*:[^/@]*@")', 'url must not hold a password; put it into the secret'],
      ["!has(self.transport) || self.transport != 'vddk' || has(self.vddk)", 'transport vddk needs vddk.image'],
      [
        "self.type != 'hyperv' || !has(self.transport) || self.transport == 'auto'",
        'transport is for vsphere; disks of hyperv are read from shares',
      ],
      ["self.type == 'hyperv' || (!has(self.loginMethod) && !has(self.paths))", 'loginMethod and paths are for hyperv only'],
      [
        "self.type != 'hyperv' || !has(self.url) || self.url.matches('^hyperv([+]ssh)?://')",
        'url of hyperv is hyperv://… or hyperv+ssh://…',
      ],
    ),
  );

const ProviderStatus = z.strictObject({
  ...commonStatus,
  product: z.string().max(256).exactOptional().describe('What the server says that it is.'),
  inventory: z
    .strictObject({ vms: Count, hosts: Count, networks: Count, storages: Count, readAt: Time })
    .exactOptional()
    .describe('Counts of the live inventory.'),
  lastSeen: Time.exactOptional().describe('When it answered last, to the minute.'),
});

export type ProviderSpec = z.output<typeof ProviderSpec>;
export type ProviderStatus = z.output<typeof ProviderStatus>;

export const PROVIDER = {
  kind: 'Provider',
  plural: 'providers',
  singular: 'provider',
  shortNames: ['kfp'],
  description: 'A source of virtual machines: a vCenter, an ESXi or Hyper-V host, or a claim with image files.',
  spec: ProviderSpec,
  status: ProviderStatus,
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'Kind of source.' },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether it answers and its inventory is current.',
    },
    { name: 'VMs', type: 'integer', jsonPath: '.status.inventory.vms', description: 'Virtual machines that it holds.' },
    { name: 'URL', type: 'string', jsonPath: '.spec.url', description: 'Where it is.', priority: 1 },
    { name: 'Product', type: 'string', jsonPath: '.status.product', description: 'What the server says.', priority: 1 },
    AGE,
  ],
} as const satisfies Kind;
