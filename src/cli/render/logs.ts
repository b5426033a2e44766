/** Log lines of functions on stderr. A line break inside a message travels as `\r`, as on Lambda; here it is one again. */
import type { FunctionConfig } from "../../config/function-config.js";
import type { LogRecord } from "../../runtime/log-capture.js";
import { coloursFor } from "./colours.js";

export function logPrinter(stream: NodeJS.WriteStream): (config: FunctionConfig, record: LogRecord) => void {
  const colours = coloursFor(stream);
  return (_config, { source, text }) => {
    const shown = text.replaceAll("\r", "\n");
    stream.write(`${source === "platform" ? colours.dim(shown) : shown}\n`);
  };
}
