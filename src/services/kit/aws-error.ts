/** An error of the emulated service, on its way to the wire. Each service keeps its own tiny makers in errors.ts. */
export class AwsError extends Error {
  /** As the protocol names it: `NoSuchBucket`, `ResourceNotFoundException` ... */
  readonly code: string;
  readonly statusCode: number;
  /** Further members of the error body (`Item`, `CancellationReasons`, `Reason`, `Type` ...). */
  readonly members: Readonly<Record<string, unknown>>;
  /** Code under the old query protocol when it differs (`AWS.SimpleQueueService.NonExistentQueue`). */
  readonly queryCode: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  override readonly name = "AwsError";

  constructor(
    code: string,
    message: string,
    options: {
      readonly statusCode?: number;
      readonly members?: Readonly<Record<string, unknown>>;
      readonly queryCode?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.statusCode = options.statusCode ?? 400;
    this.members = options.members ?? {};
    this.queryCode = options.queryCode;
    this.headers = options.headers ?? {};
  }

  /** Whose fault: the query protocol and SQS say it aloud. */
  get fault(): "Sender" | "Receiver" {
    return this.statusCode < 500 ? "Sender" : "Receiver";
  }
}
