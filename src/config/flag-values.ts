/** Turns the flags of a command line into the part of the configuration that they set. Loads no schema. */
import { AppError } from "../shared/errors.js";
import type { Json } from "./json.js";

export interface FlagDeclaration {
  /** As commander takes it. */
  readonly flags: string;
  readonly description: string;
  /** Option that it sets: `ports.gateway`. */
  readonly path: string;
  readonly kind: "text" | "number" | "boolean" | "pairs";
}

/** The name under which commander keeps a flag: `--http-port <n>` is `httpPort`. */
export function flagName(flags: string): string {
  const [, long = ""] = /--([a-z0-9-]+)/.exec(flags) ?? [];
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Unknown names are left alone: commands have flags of their own. Throws LR2005. */
export function configFromFlags(
  values: Readonly<Record<string, unknown>>,
  declarations: readonly FlagDeclaration[],
): Record<string, Json> {
  const config: Record<string, Json> = {};
  for (const declaration of declarations) {
    const value = values[flagName(declaration.flags)];
    if (value !== undefined) place(config, declaration.path.split("."), valueOf(value, declaration));
  }
  return config;
}

function valueOf(value: unknown, { flags, kind }: FlagDeclaration): Json {
  switch (kind) {
    case "boolean":
      return value === true;
    case "number":
      return typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))
        ? Number(value)
        : String(value);
    case "text":
      return String(value);
    case "pairs":
      return Object.fromEntries(
        (Array.isArray(value) ? value : [value]).flatMap((item: unknown) =>
          pairsIn(String(item), flags.split(" ")[0] ?? flags),
        ),
      );
  }
}

/** CloudFormation's form, or ours. */
const NAME = String.raw`ParameterKey=(?<key>[^\s,]+),ParameterValue|(?<name>[^\s=]+)`;
/** In quotes, else all up to the next name. */
const VALUE = String.raw`"(?:\\.|[^"\\])*"(?=\s|$)|'(?:\\.|[^'\\])*'(?=\s|$)|(?:(?!\s+[\w.-]+=).)*`;
const PAIR = new RegExp(String.raw`(?:${NAME})=(?<value>${VALUE})(?:\s+|$)`, "gsy");

/**
 * `Name=Value`. SAM's form of several pairs in one text, `A=1 B="two words"`, is taken when all of it is pairs. Throws LR2005
 * with `where`.
 */
export function pairsIn(text: string, where: string): [string, string][] {
  const found = [...text.matchAll(PAIR)];
  const length = found.reduce((sum, [whole]) => sum + whole.length, 0);
  if (found.length === 0 || length < text.length)
    throw new AppError("LR2005", { what: `"${text}" is not a pair`, where, fix: "Write name=value." });
  return found.map(({ groups = {} }) => [groups["key"] ?? groups["name"] ?? "", unquoted(groups["value"] ?? "")]);
}

function unquoted(text: string): string {
  const [, , inside] = /^(["'])(.*)\1$/s.exec(text) ?? [];
  return inside?.replaceAll(/\\(["' ])/g, "$1") ?? text;
}

function place(config: Record<string, Json>, path: readonly string[], value: Json): void {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    config[key] = value;
    return;
  }
  const inner = (config[key] ?? {}) as Record<string, Json>;
  config[key] = inner;
  place(inner, rest, value);
}
