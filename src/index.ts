/** The programmatic API: the same stack that the CLI runs. */
export { Stack, type StackOptions } from "./stack/stack.js";
export { loadApplication, type LoadedApplication, type LoadOptions } from "./config/load-application.js";
export { findFunction } from "./config/find-function.js";
export { VirtualClock, realClock, type Clock } from "./shared/clock.js";
export { AppError } from "./shared/errors.js";
export type { InvokeRequest, InvokeResult, InvocationReport } from "./runtime/types.js";
