/** The programmatic API: the same stack that the CLI runs. docs/testing.md shows it in tests. */
export {
  createStack,
  TestStack,
  type CreateStackOptions,
  type FinishedInvocation,
  type FunctionFailure,
  type Invocation,
  type InvokeOptions,
  type StackClock,
} from "./stack/create-stack.js";
export type { ClientConfig, Item, ItemHelpers, MessageHelpers, ObjectHelpers } from "./stack/service-clients.js";
export type { Mail } from "./services/mail/index.js";
export type { DurableExecution, Execution } from "./stack/execution.js";
export type { WaitOptions } from "./stack/wait-for.js";
export type { LambdaRunConfig } from "./config/schema.js";
export { Stack } from "./stack/stack.js";
export type { StackOptions } from "./stack/stack-options.js";
export { loadApplication, type LoadedApplication, type LoadOptions } from "./config/load-application.js";
export { findFunction } from "./config/find-function.js";
export { VirtualClock, realClock, type Clock } from "./shared/clock.js";
export { AppError } from "./shared/errors.js";
export type { InvokeRequest, InvokeResult, InvocationReport } from "./runtime/types.js";
