/** Something of a project that would not work on AWS as it does here. */
export interface Finding {
  readonly logicalId: string;
  /** `breaks`: AWS refuses it, or every invocation fails. `differs`: it works otherwise than here. */
  readonly severity: "breaks" | "differs";
  readonly what: string;
  readonly fix: string;
}
