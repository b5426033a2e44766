/** What the doors need beside the request: functions, guards, counters. */
import type { FunctionTarget } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import type { InvokeAnswer, InvokeRequest } from "../../runtime/types.js";
import type { Realm } from "../../shared/arn.js";
import type { Logger } from "../../shared/logger.js";
import type { UsagePlans } from "./auth/api-keys.js";
import type { IamCheck } from "./auth/iam.js";
import type { JwtAuthorizers } from "./auth/jwt-authorizer.js";
import type { LambdaAuthorizers } from "./auth/lambda-authorizer.js";
import type { Throttles } from "./throttle.js";

export interface DoorContext {
  readonly realm: Realm;
  readonly log: Logger;
  /** Sentences for a person. */
  readonly notice: (text: string) => void;
  /** What a request to this target runs now. */
  readonly functionBehind: (target: FunctionTarget) => FunctionConfig | undefined;
  readonly resolve: (name: string, qualifier: string | undefined) => FunctionConfig | undefined;
  /** Resolves with the answer, before the report. */
  readonly invoke: (fn: FunctionConfig, request: InvokeRequest) => Promise<InvokeAnswer>;
  readonly throttles: Throttles;
  readonly usagePlans: UsagePlans;
  readonly lambdaAuthorizers: LambdaAuthorizers;
  readonly jwt: JwtAuthorizers;
  readonly iam: IamCheck;
}
