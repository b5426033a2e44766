/** What the function refuses or gives up on. `name` is what Lambda answers as `errorType`. */

/** A variable of the function's environment is wrong: the deployer's fault, never the caller's. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

/** The event asks for something that cannot be done. HTTP callers get 400. */
export class InvalidEventError extends Error {
  override readonly name = "InvalidEventError";
}

/** S3 refused or was out of reach. Keeps S3's own code as the name; the message says which operation on which bucket. */
export class StorageError extends Error {
  override readonly name: string;
  readonly httpStatus: number | undefined;

  constructor(operation: string, bucket: string, cause: S3Failure) {
    // A refused connection to a name with two addresses is an AggregateError without a message.
    super(`${operation} on bucket "${bucket}" failed: ${cause.message || cause.code || cause.name}`, { cause });
    this.name = cause.name;
    this.httpStatus = cause.$metadata?.httpStatusCode;
  }
}

type S3Failure = Error & { readonly code?: string; readonly $metadata?: { readonly httpStatusCode?: number } };

/** How far the manifest had come when it was given up. */
export interface Progress {
  keys: number;
  bytes: number;
}

const soFar = ({ keys, bytes }: Progress): string =>
  `${bytes} bytes of manifest for ${keys} keys had been written; nothing was published`;

/** /tmp (EphemeralStorage) has no room left. */
export class TmpFullError extends Error {
  override readonly name = "TmpFullError";

  constructor(directory: string, limitBytes: number | undefined, progress: Progress, cause: Error) {
    const limit = limitBytes === undefined ? "" : ` (limit ${limitBytes} bytes)`;
    super(`No space left in ${directory}${limit}: ${soFar(progress)}. Free it, or raise EphemeralStorage.`, { cause });
  }
}

/** What the kernel answers when a file system, or the caller's share of it, is full. */
export function isDiskFull(error: unknown): error is Error {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "ENOSPC" || error.code === "EDQUOT";
}

/** The function stops by itself shortly before Lambda would kill it, so that it can clean up and say where it stood. */
export class NearTimeoutError extends Error {
  override readonly name = "NearTimeoutError";

  constructor(limitMs: number, marginMs: number, progress: Progress) {
    super(
      `Stopped ${marginMs} ms before the timeout (${limitMs} ms were left at the start): ${soFar(progress)}. ` +
        "Raise Timeout, or narrow the prefix.",
    );
  }
}

/** Says which operation on which bucket it was, whatever `work` fails with. */
export async function naming<T>(operation: string, bucket: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Error ? new StorageError(operation, bucket, error) : error;
  }
}
