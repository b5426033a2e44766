/**
 * `parameter_overrides` of SAM's own configuration file: who runs `sam local` has the values of template parameters there.
 * Those of `sam deploy` are for AWS and are left alone, as `sam local` leaves them.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { AppError } from "../shared/errors.js";
import { codeFrame } from "./code-frame.js";
import { pairsIn } from "./flag-values.js";

/** In the order in which SAM looks for them. */
export const SAM_CONFIG_FILES = ["samconfig.toml", "samconfig.yaml", "samconfig.yml"] as const;

/** Tables of the environment `default` that hold for commands of `sam local`; the first that has overrides counts. */
const TABLES = ["local_start_api", "local_start_lambda", "local_invoke", "global"] as const;

export interface SamParameters {
  /** Of the file, for messages. */
  readonly file: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Throws LR2005 when the file is no TOML (or YAML), or the overrides are no pairs. */
export async function readSamParameters(path: string): Promise<SamParameters> {
  const file = basename(path);
  const text = readFileSync(path, "utf8");
  const document = path.endsWith(".toml") ? await parseToml(text, path) : await parseYaml(text, path);
  for (const table of TABLES) {
    const place = ["default", table, "parameters", "parameter_overrides"];
    const found = place.reduce<unknown>(memberOf, document);
    if (found === undefined) continue;
    const texts: readonly unknown[] = Array.isArray(found) ? found : [found];
    const where = `${path}: ${place.join(".")}`;
    const pairs = texts.flatMap((one) => {
      if (typeof one === "string") return one.trim() === "" ? [] : pairsIn(one.trim(), where);
      const what = `parameter_overrides of ${file} is no text`;
      throw new AppError("LR2005", { what, where, fix: 'Write parameter_overrides = "Name=Value Other=Value".' });
    });
    return { file, values: Object.fromEntries(pairs) };
  }
  return { file, values: {} };
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

async function parseToml(text: string, path: string): Promise<unknown> {
  const { parse, TomlError } = await import("smol-toml");
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Behind the first line stands a code frame of the library.
    const why = error.message.split("\n")[0] ?? "";
    throw malformed(path, "TOML", why.replace(/^Invalid TOML document: /, ""), text, error, error);
  }
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  const { parse, YAMLParseError } = await import("yaml");
  try {
    return parse(text, { prettyErrors: true });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
    const why = error.message.replace(/ at line [\s\S]*$/, "");
    throw malformed(path, "YAML", why, text, { line, column: col }, error);
  }
}

function malformed(
  path: string,
  language: string,
  why: string,
  text: string,
  { line, column }: { readonly line: number; readonly column: number },
  cause: unknown,
): AppError {
  return new AppError("LR2005", {
    what: `${basename(path)} is not valid ${language}: ${why}`,
    where: `${path}:${line}:${column}`,
    codeFrame: codeFrame(text, line, column),
    fix: "Mend that line: SAM cannot read the file either.",
    cause,
  });
}
