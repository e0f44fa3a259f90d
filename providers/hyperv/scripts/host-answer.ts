/** What a host says of itself and of what surrounds its VMs. */
import { z } from 'zod';
import { Count, Flag, Guid, Maybe, Size, Text } from './values.ts';

export const Switch = z.object({
  id: Guid,
  name: Text,
  type: z.enum(['External', 'Internal', 'Private', 'Unknown']),
  description: Maybe(Text),
  embeddedTeaming: Maybe(Flag),
  iov: Maybe(Flag),
});
export type Switch = z.infer<typeof Switch>;

export const Volume = z.object({
  /** Where it is found: `C:\`, `C:\ClusterStorage\Volume1\`, a mount folder. Ends with a backslash. */
  path: Text,
  label: Maybe(Text),
  kind: z.enum(['local', 'csv']),
  fileSystem: Maybe(Text),
  size: Maybe(Size),
  free: Maybe(Size),
  /** Of a cluster shared volume: the node that coordinates it. */
  owner: Maybe(Text),
});
export type Volume = z.infer<typeof Volume>;

/** `Get-SmbShare`, those that lead to a folder. Administrative ones (`C$`) too. */
export const Share = z.object({ name: Text, path: Text, special: Flag });
export type Share = z.infer<typeof Share>;

/** `host`: the machine that is connected to. Told nothing. */
export const Host = z.object({
  name: Text,
  fqdn: Maybe(Text),
  /** `10.0.20348` and its words. */
  version: Text,
  product: Maybe(Text),
  powershell: Maybe(Text),
  /** Configuration versions that it can run, highest last. */
  vmVersions: Maybe(z.array(Text)),
  logicalProcessors: Maybe(Count),
  memory: Maybe(Size),
  hyperv: Flag,
  /** Who is logged in, and what of it counts. */
  user: Maybe(Text),
  isAdministrator: Maybe(Flag),
  isHyperVAdministrator: Maybe(Flag),
  switches: z.array(Switch),
  volumes: z.array(Volume),
  shares: z.array(Share),
  /** Absent for a host that stands alone. `readable` false: it is a node, but this user may not ask the cluster. */
  cluster: Maybe(
    z.object({
      name: Text,
      readable: Flag,
      nodes: z.array(z.object({ name: Text, fqdn: Maybe(Text), state: z.enum(['Up', 'Down', 'Paused', 'Joining', 'Unknown']) })),
      /** Roles of virtual machines: where each runs now, by VM id. */
      roles: z.array(
        z.object({ vm: Guid, group: Text, owner: Text, priority: Maybe(Count), antiAffinity: Maybe(z.array(Text)) }),
      ),
    }),
  ),
});
export type Host = z.infer<typeof Host>;
