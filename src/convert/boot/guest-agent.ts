/** What qemu-guest-agent says of its guest. Everything it says comes from the guest: shapes and amounts are checked. */
import { isJson, type JsonChannel } from './json-channel.ts';

/** Cards, and addresses of a card, that are listened to. */
const MOST = 64;
const LONGEST = 64;

/** The name of the system (`Debian GNU/Linux 12 (bookworm)`), or that there is an agent. @throws Error when it does not answer */
export async function askSystem(agent: JsonChannel): Promise<string> {
  await agent.ask('guest-ping');
  const info = await agent.ask('guest-get-osinfo').catch(() => undefined);
  const name = isJson(info) ? (info['pretty-name'] ?? info['name'] ?? info['id']) : undefined;
  return typeof name === 'string' ? name.slice(0, LONGEST) : 'a system without a name';
}

/** Addresses by MAC address in lower case, loopback left out. @throws Error when it does not answer */
export async function askAddresses(agent: JsonChannel): Promise<ReadonlyMap<string, readonly string[]>> {
  const answer = await agent.ask('guest-network-get-interfaces');
  const found = new Map<string, readonly string[]>();
  for (const card of objects(answer)) {
    const mac = card['hardware-address'];
    if (typeof mac !== 'string' || mac.length > LONGEST || mac === '00:00:00:00:00:00') continue;
    const addresses = objects(card['ip-addresses']).map((address) => address['ip-address']);
    found.set(
      mac.toLowerCase(),
      addresses.filter((address) => typeof address === 'string').map((address) => address.slice(0, LONGEST)),
    );
  }
  return found;
}

function objects(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.slice(0, MOST).filter(isJson) : [];
}
