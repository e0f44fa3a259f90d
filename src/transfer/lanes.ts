/** Work on items as they come, a bounded number at once. */

/**
 * Runs `work` for each item, at most `lanes` at the same time; `lane` (0 … lanes − 1) is one of its own for each that runs. No item is
 * taken after the first failure. All work has ended when this returns, and the first failure is what is thrown.
 */
export async function eachOf<T>(
  items: AsyncGenerator<T, undefined>,
  lanes: number,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const run = async (_: unknown, lane: number): Promise<void> => {
    try {
      // `for await` would end the generator for the other lanes too when one lane leaves it.
      for (let next = await items.next(); next.done !== true && failure === undefined; next = await items.next()) {
        await work(next.value, lane);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: lanes }, run));
  await items.return(undefined);
  if (failure !== undefined) throw failure.error;
}
