/** Who is told what this program asks of its cluster. Must not throw. */
export interface ClusterObserver {
  /** One answer of the API server, or the lack of one. */
  answered(call: ClusterCall): void;
  /** Somebody who keeps up with a kind has begun to list it, has got a page, or begins to watch it. */
  followed(kind: string, turn: 'list' | 'page' | 'watch'): void;
}

export interface ClusterCall {
  /** Kubernetes' own verb. */
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** Until the head of the answer. */
  readonly seconds: number;
}
