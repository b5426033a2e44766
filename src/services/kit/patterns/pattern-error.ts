/** A pattern that AWS refuses; `message` is the reason in AWS's words. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}
