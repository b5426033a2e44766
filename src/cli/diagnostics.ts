/**
 * Our own diagnostics on stderr, as JSON lines by pino: faults inside the embedded services above all, which a client
 * only sees as a 500. `LAMBDA_RUN_LOG` sets the level (debug, info, warn, error, silent); warn unless set.
 */
import type * as Pino from "pino";
import type { Logger } from "../shared/logger.js";

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
type Level = (typeof LEVELS)[number];

/** Loads pino at the first line that is written: most commands write none. */
export function diagnostics(environment: NodeJS.ProcessEnv = process.env): Logger {
  const wanted = environment["LAMBDA_RUN_LOG"] ?? "warn";
  const least = LEVELS.indexOf((LEVELS as readonly string[]).includes(wanted) ? (wanted as Level) : "warn");
  let pino: Pino.Logger | undefined;
  const write =
    (level: Exclude<Level, "silent">) =>
    (fields: object, message?: string): void => {
      if (LEVELS.indexOf(level) < least) return;
      pino ??= makePino();
      pino[level](fields, message);
    };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function makePino(): Pino.Logger {
  const { pino, destination } = require("pino") as typeof Pino;
  return pino({ name: "lambda-run", level: "debug" }, destination({ dest: 2, sync: true }));
}
