/**
 * Which VM and which disk has which storage policy. The simulator knows policies and gives none to anybody: the rest of the policy service is
 * its own, as is the check of the session in the header of its calls.
 */
import { type Answer, argument, decode, encode, envelope, fault, notAuthenticated, type SoapCall } from './soap.ts';

export class PolicyService {
  /** Policy ids by `vm-42` or `vm-42:2000`. */
  readonly assigned = new Map<string, string>();
  /** What its calls get in place of an answer. */
  trouble: 'forbidden' | 'away' | undefined;

  /** Undefined for what the simulator answers. @param session id of the session that the request belongs to, where there is one */
  handle(call: SoapCall | undefined, session: string | undefined): Answer | undefined {
    if (this.trouble === 'away') return { status: 503, headers: { 'content-type': 'text/plain' }, body: 'Service Unavailable' };
    if (this.trouble === 'forbidden')
      return fault('NoPermission', {
        message: 'Permission to perform this operation was denied.',
        fields: '<privilegeId>StorageProfile.View</privilegeId>',
      });
    if (call?.operation !== 'PbmQueryAssociatedProfiles') return undefined;
    if (session === undefined || argument(call, 'vcSessionCookie') !== session) return notAuthenticated();
    const asked = [...call.text.matchAll(/<objectType>(\w+)<\/objectType><key>([^<]*)<\/key>/g)];
    const results = asked.map(([, type = '', key = '']) => {
      const id = this.assigned.get(decode(key));
      const profile = id === undefined ? '' : `<profileId><uniqueId>${encode(id)}</uniqueId></profileId>`;
      return `<returnval><object><objectType>${type}</objectType><key>${key}</key></object>${profile}</returnval>`;
    });
    const body = `<PbmQueryAssociatedProfilesResponse xmlns="urn:pbm">${results.join('')}</PbmQueryAssociatedProfilesResponse>`;
    return { status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: envelope(body) };
  }
}
