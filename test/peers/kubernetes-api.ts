/** Plain calls to a Kubernetes API server, for peers and tests that must not lean on the product's own client. */
import { request } from 'node:https';

export interface ApiServer {
  /** `https://host:port` */
  readonly url: string;
  /** PEM of the authority. */
  readonly ca: string;
  /** Bearer token. */
  readonly token: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON; text where it is none. */
  readonly body: unknown;
}

const TYPES = { POST: 'application/json', PUT: 'application/json', PATCH: 'application/merge-patch+json' } as const;

/** One request. `type` is the content type of the body where it is not the usual one of the method (merge patch for PATCH). */
export async function callApi(
  { url, ca, token }: ApiServer,
  method: 'GET' | 'DELETE' | keyof typeof TYPES,
  path: string,
  body?: unknown,
  type?: string,
): Promise<ApiAnswer> {
  const content = method === 'GET' || method === 'DELETE' ? undefined : (type ?? TYPES[method]);
  const headers = { authorization: `Bearer ${token}`, ...(content !== undefined && { 'content-type': content }) };
  return await new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { method, ca, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: parse(Buffer.concat(chunks).toString()) }));
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
