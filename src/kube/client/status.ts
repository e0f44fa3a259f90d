/** What the API server says when it does not do what it was asked (metav1.Status), as one error with one code. */
import { z } from 'zod';
import type { ErrorCode } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/errors.ts';
import type { ObjectRef, ResourceType } from './kube-client.ts';

/** As much of a Status as we read; servers and proxies that say something else leave it empty. */
export const Status = z.object({
  message: z.string().catch(''),
  reason: z.string().catch(''),
  code: z.number().optional().catch(undefined),
  metadata: z.object({ continue: z.string().optional() }).optional().catch(undefined),
  details: z
    .object({
      name: z.string().optional(),
      kind: z.string().optional(),
      causes: z.array(z.object({ reason: z.string().optional(), message: z.string().optional(), field: z.string().optional() })),
    })
    .partial()
    .optional()
    .catch(undefined),
});
export type Status = z.output<typeof Status>;

/** What was tried, for the sentence. */
export interface Attempt {
  readonly host: string;
  /** `list`, `create`, … as RBAC has them. */
  readonly verb: string;
  readonly type?: ResourceType;
  readonly ref?: Partial<ObjectRef>;
  /** Path, where there is no type. */
  readonly path?: string;
}

/** Longest part of what a server says that is repeated. */
const MAX_SAID = 1000;

/** An empty status: the answer was none of Kubernetes. */
export function parseStatus(body: unknown): Status {
  return Status.safeParse(body).data ?? { message: '', reason: '' };
}

export function statusError(code: number, status: Status, attempt: Attempt): MigrationError {
  const what = `${attempt.verb} ${targetOf(attempt)}`;
  const place = { file: attempt.host };
  const kind = codeOf(code, status);
  switch (kind) {
    case 'cluster-login-failed':
      return new MigrationError(kind, `${attempt.host} does not take the login of the kubeconfig.`, place);
    case 'cluster-forbidden':
      return new MigrationError(kind, `The login may not ${what}.`, {
        ...place,
        hint: `Grant ${attempt.verb} on ${resourceOf(attempt)} by a Role or ClusterRole.`,
      });
    case 'cluster-kind-missing':
      return new MigrationError(kind, `The cluster has no ${resourceOf(attempt)}.`, place);
    default:
      return new MigrationError(kind, `${CAUSES[kind]} ${what}${said(status, attempt)}`, place);
  }
}

type StatusCode = Extract<ErrorCode, `cluster-${string}` | 'quota-exceeded'>;
type Plain = Exclude<StatusCode, 'cluster-login-failed' | 'cluster-forbidden' | 'cluster-kind-missing'>;

const CAUSES: Readonly<Record<Plain, string>> = {
  'quota-exceeded': 'The quota of the namespace leaves no room to',
  'cluster-namespace-missing': 'There is no such namespace to',
  'cluster-object-missing': 'There is no such object to',
  'cluster-object-exists': 'An object of that name is there already: cannot',
  'cluster-field-conflict': 'Another program holds fields: cannot',
  'cluster-conflict': 'Somebody else was faster to change it: cannot',
  'cluster-expired': 'The server has forgotten that moment: cannot',
  'cluster-busy': 'The API server is busy: cannot',
  'cluster-answer-broken': 'The API server failed to',
  'cluster-refused': 'The API server refuses to',
  'cluster-not-configured': 'Cannot',
  'cluster-unreachable': 'Cannot',
  'cluster-untrusted': 'Cannot',
};

function codeOf(code: number, { reason, message, details }: Status): StatusCode {
  switch (code) {
    case 401:
      return 'cluster-login-failed';
    case 403:
      // Quotas, pod security and webhooks say Forbidden as well; only RBAC says which verb is not allowed on which resource.
      if (message.includes('exceeded quota')) return 'quota-exceeded';
      return /\bcannot \w+ (resource|path)\b/.test(message) ? 'cluster-forbidden' : 'cluster-refused';
    case 404:
      if (details?.name === undefined) return 'cluster-kind-missing';
      return details.kind === 'namespaces' ? 'cluster-namespace-missing' : 'cluster-object-missing';
    case 409:
      if (reason === 'AlreadyExists') return 'cluster-object-exists';
      return details?.causes?.some((cause) => cause.reason === 'FieldManagerConflict') === true
        ? 'cluster-field-conflict'
        : 'cluster-conflict';
    case 410:
      return 'cluster-expired';
    case 429:
    case 503:
      return 'cluster-busy';
    default:
      return code >= 500 || code < 400 ? 'cluster-answer-broken' : 'cluster-refused';
  }
}

/** The server's own words. Of a Secret only where it is wrong: the words may quote what is in it. */
function said({ message, details, reason }: Status, { type }: Attempt): string {
  if (type?.kind === 'Secret') {
    const fields = (details?.causes ?? []).flatMap(({ field }) => (field === undefined ? [] : [field]));
    return fields.length === 0 ? `: ${reason || 'no reason given'}` : `: ${fields.join(', ')}`;
  }
  const text = message.trim();
  if (text === '') return reason === '' ? '.' : `: ${reason}`;
  return `: ${text.length > MAX_SAID ? `${text.slice(0, MAX_SAID)} …` : text}`;
}

function resourceOf({ type, path }: Attempt): string {
  if (type === undefined) return path ?? '';
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}

function targetOf(attempt: Attempt): string {
  const { type, ref } = attempt;
  if (type === undefined) return attempt.path ?? '';
  const name = [ref?.namespace, ref?.name].filter((part) => part !== undefined).join('/');
  return name === '' ? resourceOf(attempt) : `${resourceOf(attempt)} ${name}`;
}
