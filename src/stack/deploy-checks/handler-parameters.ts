/**
 * How many parameters a handler declares, read from the code without running it: what `handler.length` would be.
 * Lambda's runtimes from Node 24 on refuse three of them, which is a callback.
 */
import type { AnyNode, Expression, Function as FunctionNode, Program } from "acorn";
import type { HandlerProgram } from "./handler-program.js";
import { bindingOf, declaredAs, isExports, isNamed } from "./program-nodes.js";

/** Undefined where the code makes the handler by a call (`middy(...)`), so that only running it would tell. */
export function handlerParameters({ program }: HandlerProgram, exportName: string): number | undefined {
  const made = exportedBy(program, exportName);
  const handler = made?.type === "Identifier" ? bindingOf(program, made.name) : made;
  return isFunction(handler) ? lengthOf(handler) : undefined;
}

function exportedBy(program: Program, name: string): AnyNode | undefined {
  let wrapped: AnyNode | undefined;
  for (const node of program.body) {
    // esbuild gathers all exports of an ES module in one list at the end.
    if (node.type === "ExportNamedDeclaration")
      for (const { exported, local } of node.specifiers)
        if (exported.type === "Identifier" && exported.name === name) return local;
    if (node.type === "ExportDefaultDeclaration") wrapped = node.declaration;
  }
  // `export default require_app()`: a CommonJS module, whose body is a function of its own.
  if (wrapped?.type !== "CallExpression" || wrapped.callee.type !== "Identifier") return undefined;
  const module = bindingOf(program, wrapped.callee.name);
  return module === undefined ? undefined : assignedExport(module, name);
}

/** The last `exports.name = value`, `module.exports.name = value` or `module.exports = { name: value }` in a module. */
function assignedExport(module: AnyNode, name: string): AnyNode | undefined {
  let found: AnyNode | undefined;
  walk(module, (node) => {
    if (node.type !== "AssignmentExpression" || node.left.type !== "MemberExpression") return;
    const { object, property } = node.left;
    if (property.type !== "Identifier") return;
    if (property.name === name && isExports(object)) found = node.right;
    if (property.name === "exports" && isNamed(object, "module")) found = memberOf(node.right, name) ?? found;
  });
  if (found?.type !== "Identifier") return found;
  const wanted = found.name;
  let declared: AnyNode | undefined;
  walk(module, (node) => (declared ??= declaredAs(node, wanted)));
  return declared;
}

function memberOf(value: AnyNode, name: string): AnyNode | undefined {
  if (value.type !== "ObjectExpression") return undefined;
  for (const member of value.properties)
    if (member.type === "Property" && isNamed(member.key, name)) return member.value;
  return undefined;
}

const isFunction = (node: AnyNode | undefined): node is FunctionNode & AnyNode =>
  node?.type === "FunctionDeclaration" ||
  node?.type === "FunctionExpression" ||
  node?.type === "ArrowFunctionExpression";

/** As `Function.length` counts: up to the first default or rest parameter. */
function lengthOf({ params }: { readonly params: readonly AnyNode[] }): number {
  const end = params.findIndex(({ type }) => type === "AssignmentPattern" || type === "RestElement");
  return end < 0 ? params.length : end;
}

function walk(node: AnyNode | Expression, visit: (node: AnyNode) => void): void {
  visit(node);
  for (const value of Object.values(node) as unknown[])
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === "object" && child !== null && "type" in child) walk(child as AnyNode, visit);
}
