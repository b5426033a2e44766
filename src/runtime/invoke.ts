/**
 * THE MAIN PATH: one event through one function.
 *
 *   invoke -> payload limit -> concurrency -> pool (idle | standby | new environment)
 *                                               new: prepared-code (bundle, SDK layer) -> sandbox -> bootstrap in standby
 *          -> environment.invoke -> INIT if cold -> event over the Runtime API -> answer | timeout | exit
 *          -> report and logs -> freeze
 *
 * Rejects only for what is not the function's doing: `RequestTooLarge`, `Throttled`, or an `AppError` when the code
 * cannot be built or the environment cannot be started. Whatever the function does is in the result.
 */
import { randomUUID } from "node:crypto";
import type { FunctionConfig } from "../config/function-config.js";
import type { RuntimeHost } from "./host.js";
import { checkConcurrency } from "./limits/concurrency.js";
import { checkSyncPayload } from "./limits/payload.js";
import type { InvokeRequest, InvokeResult } from "./types.js";

export async function invoke(host: RuntimeHost, config: FunctionConfig, request: InvokeRequest): Promise<InvokeResult> {
  checkSyncPayload(request.payload.length);
  const pool = host.poolOf(config);
  checkConcurrency(pool.running, config.reservedConcurrency);
  const requestId = request.requestId ?? randomUUID();
  host.observer?.started(config, requestId, request);
  try {
    const result = await pool.use((environment) => environment.invoke(request, requestId));
    host.observer?.ended(config, requestId, request, { result });
    return result;
  } catch (error) {
    host.observer?.ended(config, requestId, request, { error });
    throw error;
  }
}
