/** The API server's own record of who asked for what: the requests of service accounts, without their bodies. */
import { readFile } from 'node:fs/promises';

/** As much of audit.k8s.io/v1 Event as tests look at. */
export interface AuditRecord {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  /** Absent for what is no object, such as /version. */
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** JSON is YAML. */
export const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
});

/** What the log holds by now. A watch is in it when it begins and when it ends. */
export async function readAudit(log: string): Promise<readonly AuditRecord[]> {
  const lines = (await readFile(log, 'utf8')).split('\n');
  // The last line may be half written.
  return lines.slice(0, -1).map((line): AuditRecord => JSON.parse(line));
}
