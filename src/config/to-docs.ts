/** Writes docs/configuration.md from the schema. */
import { listOptions } from "./option-list.js";
import type { Option, OptionSchema } from "./option-list.js";

function typeOf(schema: OptionSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" or ");
  if (schema.type === "array")
    return schema.items?.properties
      ? "list"
      : `list of ${schema.items === undefined ? "values" : typeOf(schema.items)}`;
  if (schema.type === "object") {
    const { additionalProperties: values } = schema;
    return typeof values === "object" && values.properties === undefined ? `map of ${typeOf(values)}` : "map";
  }
  return (
    { string: "text", integer: "whole number", number: "number", boolean: "`true` or `false`" }[schema.type ?? ""] ??
    "value"
  );
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
const cell = (text: string): string => text.replaceAll("|", "\\|");

function row({ path, schema }: Option): string {
  const fallback =
    schema.default === undefined || isEmpty(schema.default) || schema.default === ""
      ? ""
      : `\`${JSON.stringify(schema.default)}\``;
  const flag = schema.flag === undefined ? "" : `\`${schema.flag}\``;
  return `| ${[`\`${path}\``, typeOf(schema), fallback, flag, schema.description ?? ""].map(cell).join(" | ")} |`;
}

const HEAD = `# Configuration

Generated from \`src/config/schema.ts\`: change it there.

Nothing needs to be configured. What is local only goes into \`lambda-run.config.ts\` (or \`.js\`, \`.mjs\`, \`.cjs\`, \`.json\`)
beside the template. A flag wins over the file, the file over the default. An unknown key is refused.

\`\`\`ts
import type { LambdaRunConfig } from "lambda-run";

export default {
  ports: { gateway: 4567 },
  parameterOverrides: { Stage: "dev" },
  functions: { Manifest: { environment: { LOG_LEVEL: "debug" } } },
  seeds: [{ bucket: "my-company-reports-bucket", prefix: "2026/04/", kind: "pdf", count: 20 }],
} satisfies LambdaRunConfig;
\`\`\`

Template parameters have their values from \`--parameter-overrides\`, else from \`parameterOverrides\` of this file, else from
\`parameter_overrides\` of \`samconfig.toml\` (or \`.yaml\`, \`.yml\`) beside the template: of the environment \`default\`, the first that
has any of \`local_start_api\`, \`local_start_lambda\`, \`local_invoke\` and \`global\`. Those of \`deploy\` are for AWS; \`sam local\`
takes them no more than this. Nothing else of that file is read.

Variables from a \`.env\` file, for every function: \`environment: parseEnv(readFileSync(".env", "utf8"))\`, with \`parseEnv\`
of \`node:util\`. It is read when a command starts.

| option | type | default | flag | what it does |
|---|---|---|---|---|
`;

export const configurationPage = (): string => `${HEAD}${listOptions().map(row).join("\n")}\n`;
