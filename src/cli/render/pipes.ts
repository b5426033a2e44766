/** The pipes of the template, for `list`. */
import type { Application, PipeConfig } from "../../config/application.js";
import { isJsonObject, listOf, objectOf, textOf, type JsonObject } from "../../config/json.js";
import { shortArn } from "./triggers.js";

const HEAD = ["PIPE", "STATE", "FROM", "THROUGH", "TO", "ON"];

/** With its head; empty where there are none. */
export function pipeRows({ pipes }: Application): string[][] {
  return pipes.length === 0 ? [] : [HEAD, ...pipes.map(row)];
}

function row({ name, properties }: PipeConfig): string[] {
  const { DesiredState, Source, Enrichment, Target } = properties;
  return [
    name,
    DesiredState === "STOPPED" ? "STOPPED" : "RUNNING",
    shortArn(textOf(Source)),
    Enrichment === undefined ? "-" : shortArn(textOf(Enrichment)),
    shortArn(textOf(Target)),
    eventsOf(objectOf(properties["SourceParameters"])),
  ];
}

function eventsOf({ FilterCriteria, ...parameters }: JsonObject): string {
  const filters = listOf(objectOf(FilterCriteria)["Filters"]).map(
    (filter) => `filter ${textOf(objectOf(filter)["Pattern"])}`,
  );
  const batches = Object.values(parameters).flatMap((one) => {
    const size = isJsonObject(one) ? one["BatchSize"] : undefined;
    return size === undefined ? [] : [`batches of ${JSON.stringify(size)}`];
  });
  const shown = [...batches, ...filters];
  return shown.length === 0 ? "all events" : shown.join(", ");
}
