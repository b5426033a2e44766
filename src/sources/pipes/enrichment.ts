/**
 * What comes between source and target. It is called synchronously, with the whole batch as a list; what it answers goes
 * on, and an empty answer ends the way.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/pipes-enrichment.html
 */
import { isJsonObject } from "../../services/kit/json-input.js";
import type { KnownPipe } from "../../services/pipes/index.js";
import { parseArn } from "../../shared/arn.js";
import { jsonIn, type PipeEvent } from "./event.js";
import { BatchFailed } from "./failures.js";
import { httpCall } from "./http-parameters.js";
import { listOf } from "./payload.js";
import type { PipeServices } from "./services.js";
import { runMachine } from "./state-machine.js";

export interface Enriched {
  readonly event: PipeEvent;
  /** The event with its fields opened. */
  readonly view: PipeEvent;
  /** What the enrichment gets for it. */
  readonly text: string;
}

/** What it answers: a JSON value, or the text where that is none. */
export async function enrich(pipe: KnownPipe, batch: readonly Enriched[], services: PipeServices): Promise<unknown> {
  const arn = pipe.enrichment ?? "";
  const list = (): string => listOf(batch.map(({ text }) => text));
  switch (parseArn(arn)?.service) {
    case "lambda": {
      const { functionError, payload } = await services.invoke(arn, list());
      const answer = payload.toString("utf8");
      if (functionError !== undefined) throw new BatchFailed(answer);
      return valueOf(answer);
    }
    case "states":
      return valueOf(await runMachine(arn, list(), services, "the enrichment"));
    default: {
      // API Gateway, which takes one event at a time.
      const [one] = batch;
      const call = httpCall(arn, pipe.enrichmentParameters, one?.view, one?.text ?? "");
      return valueOf(await services.callApi(call));
    }
  }
}

function valueOf(text: string): unknown {
  const value = jsonIn(text);
  return value === undefined ? text : value;
}

/** "If you don't want to invoke the target, return an empty response, such as "", {}, or []." */
export const isEmpty = (answer: unknown): boolean =>
  answer === "" ||
  answer === null ||
  (Array.isArray(answer) ? answer.length === 0 : isJsonObject(answer) && Object.keys(answer).length === 0);
