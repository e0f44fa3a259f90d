/** What a role grants and what an audit log says was used, in the same words: `group/resource/subresource verb`. */
import type { AuditRecord } from '../peers/audit.ts';
import type { Rule } from './objects.ts';

/** One line for each verb on each resource. */
export function granted(rules: readonly Rule[]): ReadonlySet<string> {
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`))),
    ),
  );
}

/** One line for each permission that the requests needed. */
export function used(records: readonly AuditRecord[]): ReadonlySet<string> {
  return new Set(
    records.flatMap(({ verb, objectRef, responseStatus }) => {
      if (objectRef?.resource === undefined) return [];
      const { apiGroup = '', resource, subresource } = objectRef;
      const line = `${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      // What is applied and is not there yet is created, which the server checks too.
      return verb === 'patch' && responseStatus?.code === 201 ? [`${line} patch`, `${line} create`] : [`${line} ${verb}`];
    }),
  );
}

/** Requests that were refused, as sentences. */
export function refused(records: readonly AuditRecord[]): readonly string[] {
  const all = records.filter(({ responseStatus }) => responseStatus?.code === 403 || responseStatus?.code === 401);
  return [...new Set(all.map(({ user, verb, requestURI }) => `${user.username}: ${verb} ${requestURI}`))];
}
