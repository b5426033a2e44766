/** What can go wrong with one object, with the archive, or with the set-up; the names show in logs and in the table. */

/** The message is no S3 notification: no retry will mend it. */
export class MalformedMessageError extends Error {
  override readonly name = "MalformedMessageError";
}

/** The object alone cannot be taken; its message goes back, the others go on. */
export class ObjectRefusedError extends Error {
  override readonly name = "ObjectRefusedError";
}

/** Another invocation works on the object; whether it succeeds is not known yet. */
export class ObjectInProgressError extends Error {
  override readonly name = "ObjectInProgressError";
}

/** Too little time is left to begin or to go on. */
export class OutOfTimeError extends Error {
  override readonly name = "OutOfTimeError";
}

/** The archive outgrew what memory and /tmp may hold. */
export class SpoolFullError extends Error {
  override readonly name = "SpoolFullError";
}

/** What arrived is not what was sent. */
export class DeliveryError extends Error {
  override readonly name = "DeliveryError";
}

export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}

export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
