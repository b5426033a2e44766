/** Small questions about the nodes of a program. */
import type { AnyNode, Program } from "acorn";

export const isNamed = (node: AnyNode, name: string): boolean => node.type === "Identifier" && node.name === name;

/** `exports` or `module.exports`. */
export const isExports = (node: AnyNode): boolean =>
  isNamed(node, "exports") ||
  (node.type === "MemberExpression" && isNamed(node.object, "module") && isNamed(node.property, "exports"));

/** What a name stands for on the top level. */
export function bindingOf(program: Program, name: string): AnyNode | undefined {
  for (const node of program.body) {
    const found = declaredAs(node, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function declaredAs(node: AnyNode, name: string): AnyNode | undefined {
  if (node.type === "FunctionDeclaration") return node.id?.name === name ? node : undefined;
  if (node.type !== "VariableDeclaration") return undefined;
  return node.declarations.find(({ id }) => isNamed(id, name))?.init ?? undefined;
}
