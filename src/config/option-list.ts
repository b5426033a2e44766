/** The options of the schema as a list, for the docs and the flags. */
import * as z from "zod";
import { configSchema } from "./schema.js";

/** The part of JSON Schema that zod writes for our options. */
export interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly OptionSchema[];
  readonly items?: OptionSchema;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly additionalProperties?: OptionSchema | boolean;
  readonly propertyNames?: OptionSchema;
  readonly default?: unknown;
  readonly description?: string;
  readonly flag?: string;
}

export interface Option {
  /** `ports.gateway`, `seeds[].bucket`, `functions.<name>.timeoutSeconds`. */
  readonly path: string;
  readonly schema: OptionSchema;
}

/** The whole file as JSON Schema; editors can use it too. */
const jsonSchema = (schema: z.ZodType): OptionSchema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as OptionSchema;

export function listOptions(schema: OptionSchema = jsonSchema(configSchema), path = ""): Option[] {
  const own = schema.description === undefined ? [] : [{ path, schema }];
  const inside = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    listOptions(child, path === "" ? name : `${path}.${name}`),
  );
  const items = schema.items === undefined ? [] : listOptions(schema.items, `${path}[]`);
  const { additionalProperties: values } = schema;
  const entries = typeof values === "object" ? listOptions(values, `${path}.<name>`) : [];
  return [...own, ...inside, ...items, ...entries];
}

/** Keys that are allowed at a place of the config file, or of another schema, for "did you mean". */
export function keysAt(path: readonly PropertyKey[], root: z.ZodType = configSchema): readonly string[] {
  let schema: OptionSchema | undefined = jsonSchema(root);
  for (const step of path) {
    const values: OptionSchema | undefined =
      typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
    schema = typeof step === "number" ? schema?.items : (schema?.properties?.[String(step)] ?? values);
  }
  return [...Object.keys(schema?.properties ?? {}), ...(schema?.propertyNames?.enum ?? [])];
}
