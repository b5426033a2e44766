/** Which pipes of the template may have called a function or machine: they hand over lists, and say no more of themselves. */
import type { Application, PipeConfig } from "../../config/application.js";
import { type Json, isJsonObject, textOf } from "../../config/json.js";
import type { Reason } from "./reason.js";

/** `event` as it was, parsed. */
export function pipeReasons(
  kind: "function" | "machine",
  arn: string,
  event: Json | undefined,
  { pipes }: Application,
): Reason[] {
  if (!Array.isArray(event)) return [];
  const [first] = event as readonly Json[];
  const from = isJsonObject(first) ? textOf(first["eventSourceARN"]) : "";
  return pipes.flatMap((pipe): Reason[] => {
    const part = partOf(pipe, arn);
    if (part === undefined) return [];
    const { logicalId, name, properties } = pipe;
    const rule = `pipe ${logicalId} (${name})`;
    if (properties["DesiredState"] === "STOPPED") return [{ matched: false, rule, because: "it is stopped" }];
    const source = textOf(properties["Source"]);
    if (from !== "" && from !== source)
      return [{ matched: false, rule, because: `its source is ${ended(source)}, the event is of ${ended(from)}` }];
    return [{ matched: true, rule, because: `the ${kind} is its ${part}, and the event is a list` }];
  });
}

const ended = (arn: string): string => arn.slice(arn.lastIndexOf(":") + 1);

function partOf({ properties }: PipeConfig, wanted: string): "enrichment" | "target" | undefined {
  const isThere = (arn: string): boolean => arn === wanted || arn.startsWith(`${wanted}:`);
  if (isThere(textOf(properties["Target"]))) return "target";
  return isThere(textOf(properties["Enrichment"])) ? "enrichment" : undefined;
}
