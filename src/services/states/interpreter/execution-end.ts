/** How an execution ends. */
import type { Json } from "../../../config/json.js";
import type { Failure } from "./states-error.js";

export type ExecutionEnd =
  | { readonly status: "SUCCEEDED"; readonly output: Json }
  | ({ readonly status: "FAILED" | "TIMED_OUT" | "ABORTED" } & Failure);
