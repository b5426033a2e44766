/** One of the `Events` of a SAM function or state machine, as its handlers see it. */
import type { FunctionTarget } from "../event-source.js";
import type { JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import type { TemplateResource } from "./resource.js";

export interface Event {
  readonly resource: TemplateResource;
  readonly context: BuildContext;
  readonly functionId: string;
  readonly eventId: string;
  readonly from: FunctionTarget & { readonly eventId: string };
  /** ARN of the function (of its alias where SAM publishes one) or state machine that fires. */
  readonly targetArn: string;
  readonly isFunction: boolean;
  readonly properties: JsonObject;
  readonly place: {
    readonly resource: TemplateResource;
    readonly scope: BuildContext["scope"];
    readonly path: readonly PropertyKey[];
    /** For messages. */
    readonly type: string;
  };
}
