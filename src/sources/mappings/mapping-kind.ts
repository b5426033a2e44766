/** What an event source of some service is to the mappings: how it is checked and what polls it. */
import type { FunctionConfig } from "../../config/function-config.js";
import type { InvokeResult } from "../../runtime/types.js";
import { AwsError } from "../../services/kit/aws-error.js";
import type { Mapping, MappingSettings } from "../../services/lambda/index.js";
import type { Poller } from "./poller.js";

/** The function of a mapping, asked for anew with every batch: code, alias or template may have changed since. */
export interface MappedFunction {
  /** As it is now; undefined when there is none any more. */
  readonly config: () => FunctionConfig | undefined;
  /** Rejects when the function could not be run at all: throttled, not to be built, gone. */
  readonly invoke: (payload: Buffer, traceHeaders: readonly string[]) => Promise<InvokeResult>;
}

export interface MappingKind {
  /** Throws AwsError for what AWS refuses at once. `timeoutSeconds` is the function's. */
  check(settings: MappingSettings, timeoutSeconds: number): Promise<void>;
  /** What a person should know of a mapping of the template that the API would refuse, or that waits for its source. */
  doubts(settings: MappingSettings, timeoutSeconds: number): Promise<string | undefined>;
  open(mapping: Mapping, fn: MappedFunction): Promise<Poller>;
  /** The mapping is gone for good. Called inside a transaction of the store. */
  forget?(uuid: string): void;
}

export const refusal = (message: string): AwsError =>
  new AwsError("InvalidParameterValueException", message, { members: { Type: "User" } });
