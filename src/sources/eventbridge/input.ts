/**
 * What a target gets of an event: all of it, a part, a constant, or what a template makes of it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
import { parsePath, readPath } from "../../services/events/input-path.js";
import { fillTemplate } from "../../services/events/input-template.js";
import type { RuleMatch } from "../../shared/bus.js";

interface Inputs {
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

/** A path that finds nothing. */
const NOTHING = "null";

export function targetInput(
  match: Pick<RuleMatch, "target" | "event" | "ruleArn" | "ruleName" | "ingestionTimeMs">,
): string {
  const { Input, InputPath, InputTransformer } = match.target as Inputs;
  if (Input !== undefined) return Input;
  if (InputPath !== undefined && InputPath !== "$")
    return JSON.stringify(found(InputPath, JSON.parse(match.event))) ?? NOTHING;
  if (InputTransformer === undefined) return match.event;
  const event: unknown = JSON.parse(match.event);
  const paths = InputTransformer.InputPathsMap ?? {};
  const reserved = reservedValues(match, event as Readonly<Record<string, unknown>>);
  return fillTemplate(InputTransformer.InputTemplate, (name) => {
    const path = Object.hasOwn(paths, name) ? paths[name] : undefined;
    return path === undefined ? reserved[name] : found(path, event);
  });
}

/** What `PartitionKeyPath` of a stream finds in the event; undefined where there is no path, or nothing at its end. */
export function partitionKeyOf({ target, event }: Pick<RuleMatch, "target" | "event">): string | undefined {
  const { KinesisParameters } = target as { readonly KinesisParameters?: { readonly PartitionKeyPath?: string } };
  const path = KinesisParameters?.PartitionKeyPath;
  const value = path === undefined ? undefined : found(path, JSON.parse(event));
  if (value === undefined || value === null || value === "") return undefined;
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, MAX_PARTITION_KEY);
}

const MAX_PARTITION_KEY = 256;

function found(text: string, event: unknown): unknown {
  const path = parsePath(text);
  return path === undefined ? undefined : readPath(path, event);
}

function reservedValues(
  { ruleArn, ruleName, ingestionTimeMs }: Pick<RuleMatch, "ruleArn" | "ruleName" | "ingestionTimeMs">,
  event: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { detail: _, "detail-type": detailType, ...rest } = event;
  return {
    "aws.events.rule-arn": ruleArn,
    "aws.events.rule-name": ruleName,
    "aws.events.event.ingestion-time": `${new Date(ingestionTimeMs).toISOString().slice(0, 19)}Z`,
    "aws.events.event": { detailType, ...rest },
    "aws.events.event.json": event,
  };
}
