/**
 * Input templates of pipes: free text, a path, or JSON with paths in it.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html
 */
import { fillTemplate } from "../../services/events/input-template.js";
import type { KnownPipe } from "../../services/pipes/index.js";
import { valueAt, type PipeEvent } from "./event.js";

export interface Transformed {
  /** As it came to the transformer. */
  readonly event: PipeEvent;
  /** The same with its fields opened. */
  readonly view: PipeEvent;
}

/** Without a template the event goes on as it is: an object as JSON, a text as itself. */
export function transformed(
  template: string | undefined,
  { event, view }: Transformed,
  pipe: KnownPipe,
  nowMs: number,
): string {
  if (template === undefined || template === "") return textOf(event);
  const reserved: Readonly<Record<string, unknown>> = {
    "aws.pipes.pipe-arn": pipe.arn,
    "aws.pipes.pipe-name": pipe.name,
    "aws.pipes.source-arn": pipe.source,
    "aws.pipes.enrichment-arn": pipe.enrichment,
    "aws.pipes.target-arn": pipe.target,
    "aws.pipes.event.ingestion-time": new Date(nowMs).toISOString(),
    "aws.pipes.event": event,
    "aws.pipes.event.json": typeof view === "object" ? view : undefined,
  };
  const valueOf = (name: string): unknown => (name.startsWith("$") ? valueAt(name, view) : reserved[name]);
  // JSON: a text gets its quotes where the template has none around it.
  if (/^\s*["{[]/.test(template)) return fillTemplate(template, valueOf);
  return template.replaceAll(PLACEHOLDER, (_whole, name: string) => textOf(valueOf(name) ?? ""));
}

const PLACEHOLDER = /<([^<>\s"]+)>/g;

export const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
