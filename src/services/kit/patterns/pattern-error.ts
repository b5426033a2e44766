/** A pattern that AWS refuses; `message` is the reason in AWS's words. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  /** Where the fault is, as AWS's JSON parser appends it to the reason; empty where it has none. */
  readonly place: string;

  constructor(reason: string, place = "") {
    super(reason);
    this.place = place;
  }
}
