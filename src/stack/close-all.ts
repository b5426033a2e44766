/** Ends what was started, the last first. */
export async function closeAll(closers: (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      // The rest has to be closed all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
