/** Why one rule of the template made something fire, or did not. */
export interface Reason {
  /** True: this is what made it fire. */
  readonly matched: boolean;
  readonly rule: string;
  readonly because: string;
}
