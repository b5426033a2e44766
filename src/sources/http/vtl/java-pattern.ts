/** Patterns of Java, which templates and integration responses are written with. */
import { BoundedRegExp } from "../../../services/states/interpreter/data/bounded-regexp.js";

/** They are JavaScript's but for flags at the beginning: `(?s).*oops.*`. Throws SyntaxError for what is none there. */
export function javaPattern(source: string, matching: "whole" | "all"): BoundedRegExp {
  const [flagged = "", flags = ""] = /^\(\?([ims]+)\)/.exec(source) ?? [];
  const bare = source.slice(flagged.length);
  // Not `^` and `$`, which (?m) would find at every line.
  return new BoundedRegExp(
    matching === "whole" ? new RegExp(`(?<![^])(?:${bare})(?![^])`, flags) : new RegExp(bare, `g${flags}`),
  );
}
