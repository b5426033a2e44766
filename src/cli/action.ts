/** A command's work, given commander's arguments and options; resolves to the exit code. */
import type { ExitCode } from "../shared/errors.js";

export type Action = (args: readonly string[], options: Readonly<Record<string, unknown>>) => Promise<ExitCode>;
