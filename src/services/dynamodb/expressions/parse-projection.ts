/**
 * Parser of ProjectionExpression: document paths, separated by commas, none inside another.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
 */
import { Findings, messages, type ExpressionContext, type Path } from "./context.js";
import { overlapMessage, readPath, relationOf } from "./paths.js";
import { isReserved } from "./reserved-words.js";
import { TokenReader } from "./tokens.js";

const CLASSES = ["reserved", "name", "overlap", "conflict"] as const;

export function parseProjection(source: string, context: ExpressionContext): Path[] {
  const tokens = new TokenReader("ProjectionExpression", source);
  const findings = new Findings<(typeof CLASSES)[number]>();
  const names = {
    literal: (name: string): string => {
      if (isReserved(name)) findings.note("reserved", messages.reserved(name));
      return name;
    },
    placeholder: (name: string): string => {
      const resolved = context.name(name);
      if (resolved === undefined) findings.note("name", messages.undefinedName(name));
      return resolved ?? name;
    },
  };
  const paths: Path[] = [];
  do {
    const path = readPath(tokens, names);
    for (const other of paths) {
      const relation = relationOf(other, path);
      if (relation !== "apart" && !findings.has("overlap"))
        findings.note(relation, overlapMessage(relation, other, path));
    }
    paths.push(path);
  } while (tokens.take(","));
  tokens.expectEnd();
  const message = findings.first(CLASSES);
  if (message !== undefined) throw tokens.error(message);
  return paths;
}
