/** What doors make of the application: kept until there is another one, as it may be read anew while the stack runs. */
import type { Application } from "../../config/application.js";

export function perApplication<T>(application: () => Application, read: (application: Application) => T): () => T {
  let last: { readonly application: Application; readonly value: T } | undefined;
  return () => {
    const current = application();
    if (last?.application !== current) last = { application: current, value: read(current) };
    return last.value;
  };
}
