/**
 * The SHUTDOWN phase: the runtime is asked to leave first, then each extension that wants to know is told why and gets
 * the rest of the budget; what is left is killed by the caller. Without extensions nobody gets any time.
 * Budgets: Extensions API, "Shutdown phase"; order and the runtime's share: the open platform code.
 */
import type { ApiParts } from "./environment-routes.js";
import type { ShutdownReason } from "./extensions.js";
import type { Processes } from "./processes.js";

const BUDGET_MS = { internal: 500, external: 2000, runtimeBeforeExternal: 300 } as const;

type Parts = Pick<ApiParts, "extensions" | "telemetry">;

export async function runShutdown(
  reason: ShutdownReason,
  { extensions, telemetry }: Parts,
  processes: Processes,
): Promise<void> {
  if (extensions.count === 0) return;
  const { hasExternal, subscribedToShutdown } = extensions;
  const budgetMs = hasExternal ? BUDGET_MS.external : BUDGET_MS.internal;
  const startedAt = performance.now();
  processes.thaw();
  await telemetry.flush();
  await processes.terminateRuntime(hasExternal ? BUDGET_MS.runtimeBeforeExternal : budgetMs);
  const leftMs = budgetMs - (performance.now() - startedAt);
  extensions.shutdown(reason, Math.round(Date.now() + leftMs));
  await processes.extensionsEnded(subscribedToShutdown, leftMs);
}
