/** What a handler's module exports, read from the code without running it. Undefined where only running it would tell. */
import type { AnyNode, Expression } from "acorn";
import type { HandlerProgram } from "./handler-program.js";
import { bindingOf, isExports, isNamed } from "./program-nodes.js";

export function handlerExports({ program, exports }: HandlerProgram): ReadonlySet<string> | undefined {
  // `export * from "package"`: what it gives is not seen.
  if (program.body.some(({ type }) => type === "ExportAllDeclaration")) return undefined;
  const reExports = program.body.some(
    (node) => node.type === "ExpressionStatement" && isCallOf(node.expression, "__reExport"),
  );
  if (reExports) return undefined;
  const wrapped = program.body.find((node) => node.type === "ExportDefaultDeclaration")?.declaration;
  if (
    wrapped?.type !== "CallExpression" ||
    wrapped.callee.type !== "Identifier" ||
    !wrapped.callee.name.startsWith("require_")
  )
    return new Set(exports);
  const module = bindingOf(program, wrapped.callee.name);
  const body = module === undefined ? undefined : wrappedBody(module);
  if (body === undefined) return undefined;
  const names = new Set<string>();
  return gather(body, names) ? names : undefined;
}

const isCallOf = (node: Expression, name: string): boolean =>
  node.type === "CallExpression" && isNamed(node.callee, name);

/** `__commonJS({ "file.js"(exports, module) { ... } })`, as esbuild wraps CommonJS. */
function wrappedBody(module: AnyNode): AnyNode | undefined {
  const [modules] = module.type === "CallExpression" ? module.arguments : [];
  const [member] = modules?.type === "ObjectExpression" ? modules.properties : [];
  return member?.type === "Property" && member.value.type === "FunctionExpression" ? member.value.body : undefined;
}

/** Collects the names that are assigned; false when something else is done with `exports`. */
function gather(node: AnyNode, names: Set<string>): boolean {
  const all = (nodes: readonly (AnyNode | null | undefined)[]): boolean =>
    nodes.every((one) => one === null || one === undefined || gather(one, names));
  switch (node.type) {
    case "Identifier":
      return node.name !== "exports";
    case "Property":
      return all([node.computed ? node.key : undefined, node.value]);
    case "MemberExpression": {
      if (isExports(node)) return false;
      if (isExports(node.object)) return !node.computed;
      return all([node.object, node.computed ? node.property : undefined]);
    }
    case "AssignmentExpression": {
      const { left, right } = node;
      if (isExports(left)) return replaced(right, names);
      if (left.type === "MemberExpression" && isExports(left.object) && left.property.type === "Identifier")
        names.add(left.property.name);
      return all([left, right]);
    }
    case "CallExpression": {
      const [target, name, ...rest] = node.arguments;
      if (target === undefined || !isExports(target) || !isDefineProperty(node.callee)) break;
      if (name?.type !== "Literal" || typeof name.value !== "string") return false;
      names.add(name.value);
      return all(rest);
    }
    default:
  }
  return all(childrenOf(node));
}

/** `module.exports = { a, b: c }`, also behind `exports = `. */
function replaced(value: AnyNode, names: Set<string>): boolean {
  if (value.type === "AssignmentExpression") return gather(value, names);
  if (value.type !== "ObjectExpression") return false;
  return value.properties.every((member) => {
    if (member.type !== "Property" || member.computed) return false;
    if (member.key.type === "Identifier") names.add(member.key.name);
    else if (member.key.type === "Literal") names.add(String(member.key.value));
    return gather(member.value, names);
  });
}

const isDefineProperty = (callee: AnyNode): boolean =>
  callee.type === "MemberExpression" && isNamed(callee.object, "Object") && isNamed(callee.property, "defineProperty");

const childrenOf = (node: AnyNode): AnyNode[] =>
  (Object.values(node) as unknown[])
    .flat()
    .filter((child): child is AnyNode => typeof child === "object" && child !== null && "type" in child);
