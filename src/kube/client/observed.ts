/** A transport that says what it is asked and how it answers; each attempt of a patient one is told by itself. */
import type { Clock } from '../../contracts/clock.ts';
import type { ClusterCall, ClusterObserver } from '../../contracts/cluster-observer.ts';
import type { ApiRequest, Transport } from './transport.ts';

const VERBS = { POST: 'create', PATCH: 'patch', DELETE: 'delete' } as const;

export function withObserver(inner: Transport, { clock, observer }: ObserverOptions): Transport {
  return {
    host: inner.host,
    send: async (request) => {
      const begun = clock.now();
      let status: number | undefined;
      try {
        const answer = await inner.send(request);
        status = answer.statusCode;
        return answer;
      } finally {
        // Whoever gave up learned nothing about the server.
        if (status !== undefined || !request.signal.aborted)
          observer.answered({ verb: verbOf(request), status, seconds: (clock.now() - begun) / 1000 });
      }
    },
    close: () => inner.close(),
  };
}

interface ObserverOptions {
  readonly clock: Clock;
  readonly observer: Pick<ClusterObserver, 'answered'>;
}

/** Lists are the only ones that ask for pages. */
function verbOf({ method, path, watch }: ApiRequest): ClusterCall['verb'] {
  if (method !== 'GET') return VERBS[method];
  if (watch === true) return 'watch';
  return /[?&]limit=/.test(path) ? 'list' : 'get';
}
