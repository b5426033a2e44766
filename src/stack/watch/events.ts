/** What a watched stack tells of itself. */
export type WatchEvent =
  | {
      readonly kind: "built";
      readonly functionName: string;
      readonly durationMs: number;
      /** What was saved. */
      readonly files: readonly string[];
    }
  /** The code does not build; the last that did still serves, if there was one. */
  | {
      readonly kind: "broken";
      readonly functionName: string;
      readonly error: unknown;
      readonly servesOld: boolean;
      /** What was saved; nothing when it is the first build. */
      readonly files: readonly string[];
    }
  /** The template or the configuration cannot be read; what it said before still holds. */
  | { readonly kind: "unreadable"; readonly error: unknown }
  | {
      readonly kind: "applied";
      readonly changes: readonly string[];
      /** What will only be so after a restart. */
      readonly needsRestart: readonly string[];
      /** What stays as it is until `lambda-run reset`. */
      readonly kept: readonly string[];
    };
