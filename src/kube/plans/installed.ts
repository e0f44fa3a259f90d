/** A cluster that lacks our kinds is one without kubeferry, and says so. */
import { MigrationError } from '../../model/errors.ts';

export async function ifInstalled<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw notInstalled(error);
  }
}

export async function* pagesIfInstalled<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pages;
  } catch (error) {
    throw notInstalled(error);
  }
}

/** The error itself, unless it is about our kinds. */
export function notInstalled(error: unknown): unknown {
  if (!(error instanceof MigrationError) || error.code !== 'cluster-kind-missing') return error;
  return new MigrationError('cluster-kind-missing', 'kubeferry is not installed in this cluster.', {
    ...error.place,
    hint: 'Apply deploy/crds and the operator first, or choose another cluster with --kubeconfig and --context.',
    cause: error,
  });
}
