/** What the doors need beside the request: functions, guards, counters. */
import type { Application } from "../../config/application.js";
import type { FunctionTarget } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { answerOf } from "../../runtime/invoke.js";
import type { InvokeAnswer, InvokeRequest, InvokeResult, OnAnswer } from "../../runtime/types.js";
import type { Credentials } from "../../services/kit/credentials.js";
import { parseFunctionArn, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncOptions } from "../async/async-invoker.js";
import type { HeaderLine, HttpAnswer } from "./message.js";
import { UsagePlans } from "./auth/api-keys.js";
import { iamCheck, type IamCheck } from "./auth/iam.js";
import { JwtAuthorizers } from "./auth/jwt-authorizer.js";
import { LambdaAuthorizers } from "./auth/lambda-authorizer.js";
import { Throttles } from "./throttle.js";

export interface DoorOptions {
  /** May be read anew while the stack runs. */
  readonly application: () => Application;
  readonly resolve: (name: string, qualifier: string | undefined) => FunctionConfig | undefined;
  readonly invoke: (fn: FunctionConfig, request: InvokeRequest, onAnswer?: OnAnswer) => Promise<InvokeResult>;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the keys of JWT issuers are, by issuer; relative files start at `folder`. */
  readonly jwtKeys: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Sentences for a person. */
  readonly notice?: (text: string) => void;
  /** What integrations other than with functions reach. */
  readonly outside: Outside;
}

/** One call of a service, before it is signed. */
export interface ServiceCall {
  /** As it stands in host names: `sqs`, `monitoring`. */
  readonly service: string;
  readonly method: string;
  /** Encoded. */
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
  readonly timeoutMs: number;
}

export interface Outside {
  /** Rejects with HttpCallError where no answer came. */
  readonly callService: (call: ServiceCall) => Promise<HttpAnswer>;
  /** Resolves when the event is kept. */
  readonly enqueue: (fn: FunctionConfig, payload: Buffer, options: AsyncOptions) => Promise<void>;
  /** Where a URL of the stack is on this machine. */
  readonly localUrl: (url: string) => string;
}

export interface DoorContext {
  readonly outside: Outside;
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

export function doorContext(options: DoorOptions): DoorContext {
  const { application, clock, folder, invoke, jwtKeys, log, notice = () => undefined, resolve } = options;
  return {
    realm: application().realm,
    outside: options.outside,
    log,
    notice,
    functionBehind: ({ functionId, qualifier }) => {
      const fn = application().functions.find(({ logicalId }) => logicalId === functionId);
      return fn && resolve(fn.name, qualifier);
    },
    resolve,
    invoke: (fn, request) => answerOf((onAnswer) => invoke(fn, request, onAnswer)),
    throttles: new Throttles(clock),
    usagePlans: new UsagePlans(clock),
    lambdaAuthorizers: new LambdaAuthorizers(clock, (arn, event) => {
      const { name, qualifier } = parseFunctionArn(arn) ?? { name: "" };
      const fn = resolve(name, qualifier);
      if (fn === undefined) throw new Error(`there is no function ${arn}`);
      return invoke(fn, { payload: Buffer.from(JSON.stringify(event)), qualifier });
    }),
    jwt: new JwtAuthorizers({ clock, log, keys: jwtKeys, folder, notice }),
    iam: iamCheck(options),
  };
}
