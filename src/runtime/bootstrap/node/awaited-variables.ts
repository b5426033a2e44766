/**
 * A process that was started before its variables were known finds them on its standard input, as JSON. Nothing else has
 * been looked at by then; afterwards its standard input is that of every function.
 */
import { closeSync, openSync, readFileSync } from "node:fs";

const STDIN = 0;

export function awaitVariables(environment: NodeJS.ProcessEnv): void {
  if (environment["LAMBDA_RUN_AWAITS"] === undefined) return;
  const text = readFileSync(STDIN, "utf8");
  // Nobody wanted it: whoever began it is about to kill it.
  if (text === "") process.exit();
  Object.assign(environment, JSON.parse(text));
  closeSync(STDIN);
  // The lowest number that is free is the one just closed.
  openSync("/dev/null", "r");
}
