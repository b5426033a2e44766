/**
 * Evaluates a template: trees in, text out. Within bounds, over values that nothing of JavaScript shows through.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
 * https://velocity.apache.org/engine/devel/vtl-reference.html
 */
import { Bounds, bounded, MAX_ITERATIONS, TemplateFault } from "./bounds.js";
import { calculated } from "./calculate.js";
import { call, element, property } from "./methods.js";
import {
  type Condition,
  hasVtl,
  loadParser,
  parse,
  type Directive,
  type Expression,
  type Node,
  type Part,
  type Reference,
  type Tree,
} from "./parse.js";
import { isList, isMap, isTrue, OwnList, textOf, type Value, type ValueMap } from "./values.js";

export type Variables = ReadonlyMap<string, Value>;

/** Throws TemplateFault. */
export async function evaluate(template: string, variables: Variables): Promise<string> {
  if (!hasVtl(template)) return template;
  await loadParser();
  try {
    return new Evaluation(variables).render(parse(template));
  } catch (error) {
    // Lists within lists, without end.
    if (error instanceof RangeError) throw new TemplateFault(error.message);
    throw error;
  }
}

interface Macro {
  readonly parameters: readonly string[];
  readonly body: Tree;
}

class Evaluation {
  readonly #scope: ValueMap;
  readonly #macros = new Map<string, Macro>();
  readonly #defined = new Map<string, Tree>();
  readonly #bounds = new Bounds();
  /** `#break` ends the innermost loop. */
  #broken = false;

  constructor(variables: Variables) {
    this.#scope = new Map(variables);
  }

  render(tree: Tree): string {
    let text = "";
    for (const node of tree) {
      if (this.#broken) break;
      const made = this.#node(node);
      this.#bounds.worked(made);
      text = bounded(text + made);
    }
    return text;
  }

  #node(node: Node): string {
    if (typeof node === "string") return node;
    if (isBlock(node)) return this.#block(node[0], node.slice(1));
    switch (node.type) {
      case "references":
        return textOf(this.#reference(node));
      case "set":
        this.#set(...node.equal);
        return "";
      case "raw":
        return node.value;
      case "break":
        this.#broken = true;
        return "";
      case "macro_call":
        return this.#macro(node.id, node.args);
      // A directive without its block.
      default:
        return "";
    }
  }

  #block(directive: Directive, body: Tree): string {
    switch (directive.type) {
      case "if":
      case "elseif":
        return this.#if(directive, body);
      case "foreach":
        return this.#foreach(directive.to, this.#value(directive.from), body);
      case "define":
        this.#scope.delete(directive.id);
        this.#defined.set(directive.id, body);
        return "";
      case "macro":
        this.#macros.set(directive.id, { parameters: (directive.args || []).map(({ id }) => id), body });
        return "";
      case "noescape":
        return this.render(body);
      default:
        throw new TemplateFault(`#${"id" in directive ? directive.id : directive.type} is no directive of a template`);
    }
  }

  #if(first: Condition, body: Tree): string {
    let holds = isTrue(this.#value(first.condition));
    const chosen: Node[] = [];
    for (const node of body) {
      const branch = typeof node === "string" || isBlock(node) ? undefined : node;
      const begins = branch?.type === "elseif" || branch?.type === "else";
      if (begins && holds) break;
      if (begins) holds = !("condition" in branch) || isTrue(this.#value(branch.condition));
      else if (holds) chosen.push(node);
    }
    return this.render(chosen);
  }

  #foreach(name: string, over: Value, body: Tree): string {
    const items = isList(over)
      ? over.slice(0, MAX_ITERATIONS)
      : isMap(over)
        ? [...over.values()].slice(0, MAX_ITERATIONS)
        : [];
    const before = [name, "foreach", "velocityCount"].map(
      (id) => [id, this.#scope.get(id), this.#scope.has(id)] as const,
    );
    const parent = this.#scope.get("foreach");
    let text = "";
    for (const [index, item] of items.entries()) {
      this.#scope.set(name, item);
      this.#scope.set("velocityCount", index + 1);
      this.#scope.set("foreach", loopOf(index, items.length, parent));
      text = bounded(text + this.render(body));
      if (this.#broken) break;
    }
    this.#broken = false;
    for (const [id, value, was] of before)
      if (was) this.#scope.set(id, value);
      else this.#scope.delete(id);
    return text;
  }

  #macro(name: string, args: readonly Expression[] | false | undefined): string {
    const macro = this.#macros.get(name);
    // #stop, #parse, #include and #evaluate: API Gateway has none of them.
    if (macro === undefined) throw new TemplateFault(`#${name} is no directive of a template`);
    const values = (args || []).map((arg) => this.#value(arg));
    const before = macro.parameters.map((id) => [id, this.#scope.get(id), this.#scope.has(id)] as const);
    for (const [index, id] of macro.parameters.entries()) this.#scope.set(id, values[index]);
    const text = this.#bounds.within(() => this.render(macro.body));
    for (const [id, value, was] of before)
      if (was) this.#scope.set(id, value);
      else this.#scope.delete(id);
    return text;
  }

  #value(expression: Expression): Value {
    this.#bounds.step();
    switch (expression.type) {
      case "references":
        return this.#reference(expression);
      case "string":
        return expression.isEval === true && hasVtl(expression.value)
          ? this.#bounds.within(() => this.render(parse(expression.value)))
          : expression.value;
      case "integer":
      case "decimal":
        return Number(expression.value);
      case "bool":
        return expression.value === "null" ? null : expression.value === "true";
      case "array":
        return expression.isRange === true
          ? this.#range(expression.value)
          : OwnList.from(expression.value.map((item) => (typeof item === "object" ? this.#value(item) : item)));
      case "map":
        return new Map(Object.entries(expression.value ?? {}).map(([name, item]) => [name, this.#value(item)]));
      case "math":
        return calculated(expression.operator, expression.expression, (part) => this.#value(part));
    }
  }

  /** `[1..5]`, upwards or downwards. */
  #range(ends: readonly (Expression | string | number)[]): Value {
    const [from = Number.NaN, to = Number.NaN] = ends.map((end) =>
      Number(typeof end === "object" ? this.#value(end) : end),
    );
    if (!Number.isInteger(from) || !Number.isInteger(to)) return undefined;
    const length = Math.abs(to - from) + 1;
    this.#bounds.step(length);
    return OwnList.from({ length }, (_, index) => (from <= to ? from + index : from - index));
  }

  #reference({ id, path = [], args }: Reference): Value {
    // `$name(...)` calls nothing: there are no functions.
    if (args !== undefined) return undefined;
    const block = this.#defined.get(id);
    let value = block === undefined ? this.#scope.get(id) : this.#bounds.within(() => this.render(block));
    for (const part of path) value = this.#part(value, part);
    return value;
  }

  #part(value: Value, part: Part): Value {
    this.#bounds.worked(value);
    switch (part.type) {
      case "property":
        return property(value, part.id);
      case "index":
        return element(value, this.#value(part.id));
      case "method":
        return call(
          value,
          part.id,
          (part.args || []).map((arg) => this.#value(arg)),
        );
    }
  }

  #set({ id, path = [] }: Reference, expression: Expression): void {
    const value = this.#value(expression);
    const last = path.at(-1);
    if (last === undefined) {
      this.#defined.delete(id);
      this.#scope.set(id, value);
      return;
    }
    let into = this.#scope.get(id);
    for (const part of path.slice(0, -1)) into = this.#part(into, part);
    if (isMap(into) && last.type !== "method")
      into.set(last.type === "property" ? last.id : textOf(this.#value(last.id)), value);
    else if (isList(into) && last.type === "index") call(into, "set", [this.#value(last.id), value]);
  }
}

const isBlock = (node: Node): node is readonly [Directive, ...Node[]] => Array.isArray(node);

const loopOf = (index: number, length: number, parent: Value): ValueMap =>
  new Map<string, Value>([
    ["count", index + 1],
    ["index", index],
    ["hasNext", index + 1 < length],
    ["first", index === 0],
    ["last", index + 1 === length],
    ["parent", parent],
    ["topmost", (isMap(parent) ? parent.get("topmost") : undefined) ?? parent],
  ]);
