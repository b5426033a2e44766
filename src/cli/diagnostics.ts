/**
 * Our own diagnostics on stderr. Warnings are sentences for a person; with `--json`, or with `LAMBDA_RUN_LOG` (debug, info,
 * warn, error, silent), everything from that level on is a JSON line by pino. Faults inside the embedded services, which
 * a client only sees as a 500, always are: they have a stack.
 */
import type * as Pino from "pino";
import type { Logger } from "../shared/logger.js";
import { messageOf } from "../shared/errors.js";
import { coloursFor } from "./render/colours.js";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type Level = (typeof LEVELS)[number];

/** `options` are commander's. Loads pino at the first line that is written: most commands write none. */
export function diagnostics(
  options: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv = process.env,
): Logger {
  const wanted = environment["LAMBDA_RUN_LOG"];
  const least = LEVELS.indexOf((LEVELS as readonly string[]).includes(wanted ?? "") ? (wanted as Level) : "warn");
  const forPeople = wanted === undefined && options["json"] !== true;
  let pino: Pino.Logger | undefined;
  const write =
    (level: Exclude<Level, "silent">) =>
    (fields: object, message?: string): void => {
      if (LEVELS.indexOf(level) < least) return;
      if (forPeople && level === "warn" && message !== undefined) {
        process.stderr.write(`${coloursFor(process.stderr).yellow("warn")} ${sentence(message, fields)}\n`);
        return;
      }
      pino ??= makePino();
      pino[level](fields, message);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** `an S3 notification was refused by its target and is dropped (arn: ..., code: AccessDenied)`. */
function sentence(message: string, fields: object): string {
  const facts = Object.entries(fields).map(([name, value]: [string, unknown]) =>
    value instanceof Error ? messageOf(value) : `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return facts.length === 0 ? message : `${message} (${facts.join(", ")})`;
}

function makePino(): Pino.Logger {
  const { pino, destination } = require("pino") as typeof Pino;
  return pino({ name: "lambda-run", level: "debug" }, destination({ dest: 2, sync: true }));
}
