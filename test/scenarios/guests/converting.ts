/** A conversion in a process of its own, to be killed: `node converting.ts GUEST-AS-JSON`. It says on stdout what it does at the moment. */
import { type CopiedGuest, convertGuest } from './workbench.ts';

const guest = JSON.parse(process.argv[2] ?? '') as CopiedGuest;
await convertGuest(guest, { onProgress: ({ phase, text }) => process.stdout.write(`${phase}: ${text}\n`) });
