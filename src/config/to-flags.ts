/** Writes src/config/flags.ts from the schema, so that `--help` needs neither zod nor the schema. */
import type { FlagDeclaration } from "./flag-values.js";
import { listOptions } from "./option-list.js";
import type { OptionSchema } from "./option-list.js";

function kindOf(schema: OptionSchema): FlagDeclaration["kind"] {
  if (schema.type === "boolean") return "boolean";
  if (schema.type === "integer" || schema.type === "number") return "number";
  return schema.type === "object" ? "pairs" : "text";
}

export function flagDeclarations(): FlagDeclaration[] {
  return listOptions().flatMap(({ path, schema }) => {
    const { description = "", flag: flags } = schema;
    if (flags === undefined) return [];
    const shown =
      typeof schema.default === "string" || typeof schema.default === "number" ? ` (default: ${schema.default})` : "";
    return [{ flags, description: description.replace(/\.$/, "") + shown, path, kind: kindOf(schema) }];
  });
}

export function flagsModule(): string {
  const entries = flagDeclarations().map((flag) => `  ${JSON.stringify(flag)},\n`);
  return [
    "/** Generated from src/config/schema.ts by src/config/to-flags.ts: change it there. */\n",
    'import type { FlagDeclaration } from "./flag-values.js";\n\n',
    "export const CONFIG_FLAGS: readonly FlagDeclaration[] = [\n",
    ...entries,
    "];\n",
  ].join("");
}
