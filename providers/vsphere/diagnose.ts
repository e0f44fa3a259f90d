/** `kubeferry doctor vsphere://…`: every link from the name to the bytes, each with what was found and what to do. */
import type { Credentials } from '../../src/contracts/credentials.ts';
import type { Check, ConnectOptions } from '../../src/contracts/provider.ts';
import { attempt, type Finding } from '../../src/net/check.ts';
import { lookAtCertificate, reach, resolveName } from '../../src/net/first-links.ts';
import { parseAddress } from './address.ts';
import { diagnoseMigration } from './diagnose-migration.ts';
import { Http } from './http.ts';
import { Session } from './session.ts';

/** vSphere 6.5 is the oldest whose API has what is read here. */
const OLDEST_API = [6, 5] as const;
const SKEW_SECONDS = 60;

export interface DiagnoseOptions extends ConnectOptions {
  readonly login: () => Promise<Credentials>;
}

export async function* diagnose(source: string, options: DiagnoseOptions): AsyncGenerator<Check> {
  const { signal } = options;
  const address = parseAddress(source);
  const steps = [
    () => attempt({ id: 'dns', label: `Name ${address.host}` }, signal, () => resolveName(address.host)),
    () => attempt({ id: 'tcp', label: `TCP port ${address.port}` }, signal, () => reach(address.host, address.port, signal)),
    () =>
      attempt({ id: 'certificate', label: 'TLS certificate' }, signal, () =>
        lookAtCertificate(address.host, address.port, signal),
      ),
  ];
  for (const step of steps) {
    const check = await step();
    yield check;
    if (check.outcome === 'failed') return;
  }
  await using http = new Http(address, options.trust);
  const greeting = await greet(http, options);
  yield* greeting.checks;
  if (greeting.session === undefined) return;
  await using session = greeting.session;
  const login = await attempt({ id: 'login', label: 'Login' }, signal, async () => {
    await session.login(signal);
    return 'accepted';
  });
  yield login;
  if (login.outcome === 'failed') return;
  yield await attempt({ id: 'clock', label: 'Clocks' }, signal, () => compareClocks(session, signal));
  yield* diagnoseMigration({ session, http, address, login: options.login, transport: options.transport }, signal);
}

/** The first call checks the certificate for real and sends no login. */
async function greet(
  http: Http,
  { signal, trust, login }: DiagnoseOptions,
): Promise<{ readonly checks: readonly Check[]; readonly session?: Session }> {
  let session: Session | undefined;
  const trusted = await attempt({ id: 'tls', label: 'Trust' }, signal, async () => {
    session = await Session.greet({ http, credentials: login }, signal);
    if (trust?.insecure !== true || trust.thumbprint !== undefined)
      return trust?.thumbprint === undefined ? 'the authority is known' : 'the thumbprint is the given one';
    return { outcome: 'warning', finding: 'not checked', todo: 'Leave --insecure out; give --ca-file or --thumbprint.' };
  });
  if (session === undefined) return { checks: [trusted] };
  const { fullName, apiVersion } = session.about;
  const api: Check = isOld(apiVersion)
    ? {
        id: 'api',
        label: 'API version',
        outcome: 'failed',
        finding: `${fullName}, API ${apiVersion}`,
        todo: 'vSphere 6.5 or newer is needed.',
      }
    : { id: 'api', label: 'API version', outcome: 'ok', finding: `${fullName}, API ${apiVersion}` };
  return { checks: [trusted, api], session };
}

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST_API[0] || (major === OLDEST_API[0] && minor < OLDEST_API[1]);
}

async function compareClocks(session: Session, signal: AbortSignal): Promise<Finding> {
  const answer = await session.call('CurrentTime', { type: 'ServiceInstance', id: 'ServiceInstance' }, {}, { signal });
  const there = Date.parse(answer.string('returnval') ?? '');
  if (Number.isNaN(there)) return { outcome: 'skipped', finding: 'the server does not say what time it is' };
  const seconds = Math.round((there - Date.now()) / 1000);
  if (Math.abs(seconds) <= SKEW_SECONDS) return `${seconds} s apart`;
  return {
    outcome: 'warning',
    finding: `${seconds} s apart`,
    todo: 'Let both sides follow a time server: tokens and certificates depend on it.',
  };
}
