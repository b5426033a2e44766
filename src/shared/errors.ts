/**
 * Errors that a person reads. Every `throw` of ours that is not an AWS wire error is an `AppError`
 * with a code of this one table; docs/errors.md is generated from it and a test holds the two together.
 */

/** Exit codes of the CLI. Stable and documented. */
export const EXIT = {
  ok: 0,
  functionError: 1,
  usage: 2,
  build: 3,
  timeout: 4,
  limit: 5,
  dependency: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

interface ErrorKind {
  /** One line for the docs. */
  readonly title: string;
  readonly exitCode: ExitCode;
  /** What usually helps, used when the place that throws has nothing more exact to say. */
  readonly fix: string;
}

const kind = (exitCode: ExitCode, title: string, fix: string): ErrorKind => ({ title, exitCode, fix });

export const ERROR_CODES = {
  LR1001: kind(EXIT.usage, "Unknown function", "Run `lambda-run list` to see the functions of this template."),
  LR1002: kind(EXIT.usage, "Event cannot be read", "Pass a file that exists, or `-` for standard input."),
  LR1003: kind(EXIT.usage, "Event is not valid JSON", "Mend it at the place named."),
  LR1004: kind(EXIT.usage, "Wrong command line", "Run the command with --help."),
  LR1005: kind(EXIT.usage, "Value out of range", "Use a value inside the bounds named."),
  LR2001: kind(EXIT.usage, "Template cannot be read", "Create template.yaml, or pass --template."),
  LR2002: kind(EXIT.usage, "Template has a YAML error", "Mend the line named."),
  LR2003: kind(
    EXIT.usage,
    "Template reference cannot be resolved",
    "Declare the name, or pass --parameter-overrides Name=Value.",
  ),
  LR2004: kind(EXIT.usage, "Template property has a wrong value", "Use a value that AWS accepts."),
  LR2005: kind(
    EXIT.usage,
    "Configuration is not valid",
    "Mend the option named; docs/configuration.md lists them all.",
  ),
  LR3001: kind(EXIT.build, "Handler does not compile", "Mend the line shown."),
  LR3002: kind(EXIT.build, "Handler file not found", "Check CodeUri and Handler in the template; letter case counts."),
  LR3003: kind(
    EXIT.build,
    "Module not found while bundling",
    "Install the module, or name it in Metadata.BuildProperties.External.",
  ),
  LR3004: kind(EXIT.build, "Image cannot be built", "Mend the step of the Dockerfile that failed."),
  LR4001: kind(EXIT.limit, "Package is larger than Lambda accepts", "Make the package smaller."),
  LR4002: kind(
    EXIT.limit,
    "Event is larger than Lambda accepts",
    "Pass a reference (bucket and key) instead of the data.",
  ),
  LR5001: kind(EXIT.dependency, "Port is in use", "Stop the other program, or pass --port."),
  LR5002: kind(
    EXIT.dependency,
    "State folder cannot be written",
    "Make the folder writable, or pass --state DIR or --ephemeral.",
  ),
  LR5003: kind(
    EXIT.dependency,
    "State folder is in use by another stack",
    "Stop the other stack, or pass --state DIR or --ephemeral.",
  ),
  LR5004: kind(EXIT.dependency, "Runtime is not on this machine", "Run `lambda-run runtimes add`, or install it."),
  LR5005: kind(EXIT.dependency, "Execution environment could not be started", "Run `lambda-run doctor`."),
  LR5006: kind(
    EXIT.dependency,
    "Packages cannot be put into the bucket",
    "Check the bucket's name and region, and the credentials (AWS_PROFILE).",
  ),
  LR5007: kind(EXIT.dependency, "Endpoint does not answer", "Start the server, or leave the endpoint out."),
  LR5008: kind(
    EXIT.dependency,
    "Resource cannot be made at an endpoint",
    "Check the credentials of the endpoint, or make the resource there by hand.",
  ),
  LR5009: kind(EXIT.dependency, "No Docker engine can be used", "Start one, or leave the containers backend out."),
  LR5010: kind(EXIT.dependency, "Container image cannot be had", "Name an image that the engine has or can pull."),
  LR5011: kind(EXIT.dependency, "Container did not become ready", "Its last lines say why."),
  LR5012: kind(EXIT.dependency, "Docker engine stopped answering", "Look at the engine's log, and restart it."),
  LR5013: kind(
    EXIT.dependency,
    "No AWS credentials can be used",
    "Log in, or set AWS_PROFILE; without --backend aws none are needed.",
  ),
  LR6001: kind(
    EXIT.functionError,
    "Something waited for did not happen",
    "Look at the log for what happened instead, or wait longer.",
  ),
  LR6002: kind(EXIT.usage, "There is no such event in the history", "Run `lambda-run events` to see them."),
  LR6003: kind(
    EXIT.usage,
    "Expectation of a test cannot be read",
    "Mend the file named; docs/testing.md has the format.",
  ),
  LR6004: kind(EXIT.usage, "State archive cannot be read", "Make it anew with `lambda-run state export`."),
  LR9001: kind(
    EXIT.functionError,
    "Internal error",
    "This is a fault of lambda-run: please report it with the stack above.",
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetail {
  /** What went wrong, as one sentence without the final stop. */
  readonly what: string;
  /** File, line, resource or option. */
  readonly where?: string;
  /** The reason, when it is not plain from `what`. */
  readonly why?: string;
  /** The one thing to do; defaults to the code's own. */
  readonly fix?: string;
  /** Source lines with a marker, already formatted. */
  readonly codeFrame?: string;
  readonly cause?: unknown;
}

/** An error for a person: what, where, why, and the one thing to do. Its message has them all, as the CLI prints them. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where: string | undefined;
  readonly why: string | undefined;
  readonly fix: string;
  readonly codeFrame: string | undefined;
  override readonly name = "AppError";

  constructor(code: ErrorCode, detail: ErrorDetail) {
    const fix = detail.fix ?? ERROR_CODES[code].fix;
    super(
      wholeText(code, { where: undefined, why: undefined, codeFrame: undefined, ...detail, fix }),
      detail.cause === undefined ? undefined : { cause: detail.cause },
    );
    this.code = code;
    this.what = detail.what;
    this.where = detail.where;
    this.why = detail.why;
    this.fix = fix;
    this.codeFrame = detail.codeFrame;
  }

  get exitCode(): ExitCode {
    return ERROR_CODES[this.code].exitCode;
  }
}

/** Paints the parts of an error; as they are for those who read them in a test's output. */
export interface ErrorPaint {
  readonly head: (text: string) => string;
  readonly label: (text: string) => string;
  readonly fix: (text: string) => string;
}

const PLAIN: ErrorPaint = { head: (text) => text, label: (text) => text, fix: (text) => text };

export function wholeText(
  code: ErrorCode,
  { what, where, why, codeFrame, fix }: Pick<AppError, "what" | "where" | "why" | "codeFrame" | "fix">,
  { head, label, fix: last } = PLAIN,
): string {
  return [
    `${head(code)} ${what}`,
    ...(where === undefined ? [] : [`${label("where")} ${where}`]),
    ...(why === undefined ? [] : [`${label("why")}   ${why}`]),
    ...(codeFrame === undefined ? [] : ["", codeFrame, ""]),
    `${last("fix")}   ${fix}`,
  ].join("\n");
}

/** The message of anything that was thrown, as one sentence. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AppError) return thrown.what;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The `code` of a Node system error (`ENOENT`, `EADDRINUSE` ...), if there is one. */
export function errnoOf(thrown: unknown): string | undefined {
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}
