/**
 * Reads the properties of a resource by a zod schema. CloudFormation takes `"30"` for 30 and `true` for `"true"`, so
 * scalars are converted first. Faults become LR2004 at the place of the property.
 */
import * as z from "zod";
import type { Json } from "../json.js";
import { distance, nearest } from "../nearest.js";
import { keyPlaceOf, placeOf } from "./node.js";
import type { TemplateResource } from "./resource.js";
import type { TemplateScope } from "./scope.js";

const isScalar = (value: unknown): boolean => typeof value === "number" || typeof value === "boolean";
const toText = (value: unknown): unknown => (isScalar(value) ? String(value) : value);
const toNumber = (value: unknown): unknown =>
  typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value)) ? Number(value) : value;
const toBoolean = (value: unknown): unknown => (value === "true" || value === "false" ? value === "true" : value);

export const text = () => z.preprocess(toText, z.string({ error: "it must be a text" }));
export const flag = () => z.preprocess(toBoolean, z.boolean({ error: "it must be true or false" }));
export const number = () => z.preprocess(toNumber, z.number({ error: "it must be a number" }));

/** A whole number inside AWS's bounds; `unit` shows in the message. */
export function integer(bounds: { readonly min: number; readonly max: number }, unit = "") {
  const error = `AWS accepts whole numbers from ${bounds.min} to ${bounds.max}${unit === "" ? "" : ` ${unit}`}`;
  return z.preprocess(
    toNumber,
    z.number({ error }).int({ error }).min(bounds.min, { error }).max(bounds.max, { error }),
  );
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.preprocess(
    toText,
    z.enum(values, {
      error: (issue) => {
        const close = typeof issue.input === "string" ? nearest(issue.input, values) : undefined;
        return `it must be one of: ${values.join(", ")}${close === undefined ? "" : `. Did you mean "${close}"?`}`;
      },
    }),
  );
}

export const json = (): z.ZodType<Json> => z.unknown() as unknown as z.ZodType<Json>;
export const jsonObject = (): z.ZodType<{ readonly [key: string]: Json }> =>
  z.record(z.string(), z.unknown(), { error: "it must be a map" }) as unknown as z.ZodType<{
    readonly [key: string]: Json;
  }>;
export const textMap = () => z.record(z.string(), text(), { error: "it must be a map" });
export const list = <T extends z.ZodType>(item: T): z.ZodArray<T> => z.array(item, { error: "it must be a list" });
/** One text or a list of them. */
export const oneOrMore = () =>
  z.preprocess((value) => (Array.isArray(value) || value === undefined ? value : [value]), list(text()));

/** `[{Key, Value}]` or a map, as a map. */
export const tags = () =>
  z.preprocess(
    (value) => (Array.isArray(value) ? Object.fromEntries(value.flatMap((tag: unknown) => pairOf(tag))) : value),
    textMap(),
  );

function pairOf(tag: unknown): [string, unknown][] {
  if (typeof tag !== "object" || tag === null) return [];
  const { Key, Value } = tag as { readonly Key?: unknown; readonly Value?: unknown };
  return typeof Key === "string" ? [[Key, Value]] : [];
}

/** Keys that AWS has and that change nothing here. */
export const ignored = (...keys: readonly string[]): Record<string, z.ZodOptional<z.ZodUnknown>> =>
  Object.fromEntries(keys.map((key) => [key, z.unknown().optional()]));

/** Longer slips are more likely a property that this version does not know. */
const MAX_SLIPS = 2;

/** Properties by schema; refuses slips of the pen in names, announces names that it does not know. */
export function readProperties<T extends z.ZodObject>(
  resource: TemplateResource,
  schema: T,
  scope: TemplateScope,
): z.output<T> {
  const { value } = scope.propertiesOf(resource);
  const { logicalId, type } = resource;
  const { problems } = scope;
  const known = Object.keys(schema.shape);
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const meant = meantBy(key, known);
    if (meant === undefined) {
      problems.notice(`${logicalId}: ${key} is not a property of ${type} that lambda-run knows; it is ignored.`);
      continue;
    }
    throw slip(key, meant, type, { resource, scope, path: [] });
  }
  return parseAt(schema, value, { resource, scope, path: [] });
}

/** As `readProperties`, of something inside the properties; names that it does not know may be AWS's all the same. */
export function readAt<T extends z.ZodObject>(
  schema: T,
  value: Readonly<Record<string, unknown>>,
  place: Place & { readonly type: string },
): z.output<T> {
  const known = Object.keys(schema.shape);
  for (const key of Object.keys(value)) {
    const meant = known.includes(key) ? undefined : meantBy(key, known);
    if (meant !== undefined) throw slip(key, meant, place.type, place);
  }
  return parseAt(schema, value, place);
}

const meantBy = (key: string, known: readonly string[]): string | undefined =>
  known.find((name) => name.toLowerCase() === key.toLowerCase()) ??
  known.find((name) => name.length > 4 && distance(name, key) <= MAX_SLIPS);

function slip(key: string, meant: string, type: string, { resource, scope, path }: Place): Error {
  const { node } = scope.propertiesOf(resource);
  return scope.problems.value({
    at: keyPlaceOf(node, [...path, key]),
    path: ["Resources", resource.logicalId, "Properties", ...path, key],
    what: `${type} has no property "${key}". Did you mean "${meant}"?`,
    fix: `Write ${meant}; letter case counts.`,
  });
}

export interface Place {
  readonly resource: TemplateResource;
  readonly scope: TemplateScope;
  /** Inside Properties. */
  readonly path: readonly PropertyKey[];
  /** The name of the property is at fault, not its value. */
  readonly atKey?: boolean;
}

/** A value inside the properties (an event, say) by schema. */
export function parseAt<T extends z.ZodType>(schema: T, value: unknown, place: Place): z.output<T> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (!issue) throw result.error;
  throw fault(issue, place);
}

/** A rule of AWS that a schema cannot say. */
export function refuse(place: Place, what: string, why?: string, fix?: string): Error {
  const { resource, scope, path } = place;
  const find = place.atKey === true ? keyPlaceOf : placeOf;
  const at = path.length === 0 ? resource.at : find(scope.propertiesOf(resource).node, path);
  return scope.problems.value({ at, path: ["Resources", resource.logicalId, "Properties", ...path], what, why, fix });
}

function fault(issue: z.core.$ZodIssue, { resource, scope, path }: Place): Error {
  const { node } = scope.propertiesOf(resource);
  const whole = [...path, ...issue.path];
  const full = ["Resources", resource.logicalId, "Properties", ...whole];
  const named = whole.findLast((step) => typeof step === "string") ?? "Properties";
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    return scope.problems.value({
      at: keyPlaceOf(node, [...whole, key]),
      path: [...full, key],
      what: `${named} of ${resource.logicalId} has no property "${key}"`,
      fix: "Mend the name; letter case counts.",
    });
  }
  if (issue.input === undefined) {
    return scope.problems.value({
      at: placeOf(node, whole),
      path: full,
      what: `${resource.logicalId} has no ${named}`,
      fix: `Add ${named}.`,
    });
  }
  const shown = JSON.stringify(issue.input);
  const what = `${named} of ${resource.logicalId} cannot be ${shown.length > 80 ? `${shown.slice(0, 77)}...` : shown}`;
  return scope.problems.value({ at: placeOf(node, whole), path: full, what, why: issue.message });
}
