/**
 * The part of Cypher that this stand-in runs; anything else is refused where it begins.
 *
 *   [UNWIND $list AS x] MERGE (n:Label {key: value}) ... [SET n.member = value, ...] [MERGE (a)-[:TYPE]->(b)] ...
 *   MATCH (a:Label)-[:TYPE]->(b:Label) WHERE b.key IN $list RETURN a.member AS name, ... [LIMIT n | $n]
 *
 * A value is `$parameter`, `x` or `x.member` of what is unwound, a text or a number.
 */
import { RequestError } from "../../shared/errors.js";

export type Value =
  | { readonly kind: "parameter"; readonly path: readonly string[] }
  | { readonly kind: "row"; readonly path: readonly string[] }
  | { readonly kind: "constant"; readonly value: string | number };

export interface NodePattern {
  readonly variable: string;
  readonly label: string;
  readonly key: string;
  readonly value: Value;
}

export interface Edge {
  readonly from: string;
  readonly type: string;
  readonly to: string;
}

export interface WriteQuery {
  readonly kind: "write";
  readonly unwind: { readonly list: Value; readonly as: string } | undefined;
  readonly nodes: readonly NodePattern[];
  readonly edges: readonly Edge[];
  readonly sets: readonly { readonly variable: string; readonly member: string; readonly value: Value }[];
}

export interface ReadQuery {
  readonly kind: "read";
  readonly from: { readonly variable: string; readonly label: string };
  readonly type: string;
  readonly to: { readonly variable: string; readonly label: string };
  readonly where: { readonly variable: string; readonly member: string; readonly list: Value };
  readonly returns: readonly { readonly variable: string; readonly member: string; readonly as: string }[];
  readonly limit: Value | undefined;
}

const TOKEN = /\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?)|(\$?\w+)|(-\[|\]->|[(){}[\]:,.=]))/y;

export function parseCypher(text: string): ReadQuery | WriteQuery {
  const tokens = new Tokens(text);
  return tokens.takes("MATCH") ? readQuery(tokens) : writeQuery(tokens);
}

function writeQuery(tokens: Tokens): WriteQuery {
  let unwind: WriteQuery["unwind"];
  if (tokens.takes("UNWIND")) {
    const list = value(tokens);
    tokens.expect("AS");
    unwind = { list, as: tokens.name() };
  }
  const nodes: NodePattern[] = [];
  const edges: Edge[] = [];
  const sets: WriteQuery["sets"][number][] = [];
  while (!tokens.atEnd) {
    if (tokens.takes("SET")) {
      do {
        const { variable, member } = property(tokens);
        tokens.expect("=");
        sets.push({ variable, member, value: value(tokens) });
      } while (tokens.takes(","));
      continue;
    }
    tokens.expect("MERGE");
    tokens.expect("(");
    const variable = tokens.name();
    if (tokens.takes(":")) {
      const label = tokens.name();
      tokens.expect("{");
      const key = tokens.name();
      tokens.expect(":");
      nodes.push({ variable, label, key, value: value(tokens) });
      tokens.expect("}");
      tokens.expect(")");
    } else {
      tokens.expect(")");
      const type = arrow(tokens);
      tokens.expect("(");
      edges.push({ from: variable, type, to: tokens.name() });
      tokens.expect(")");
    }
  }
  const known = new Set(nodes.map(({ variable }) => variable));
  for (const variable of [...edges.flatMap(({ from, to }) => [from, to]), ...sets.map((set) => set.variable)]) {
    if (!known.has(variable)) throw syntax(`${variable} is not defined`);
  }
  return { kind: "write", unwind, nodes, edges, sets };
}

function readQuery(tokens: Tokens): ReadQuery {
  const from = labelled(tokens);
  const type = arrow(tokens);
  const to = labelled(tokens);
  tokens.expect("WHERE");
  const condition = property(tokens);
  tokens.expect("IN");
  const list = value(tokens);
  if (condition.variable !== to.variable) throw syntax(`WHERE must ask for ${to.variable}`);
  tokens.expect("RETURN");
  const returns: ReadQuery["returns"][number][] = [];
  do {
    const { variable, member } = property(tokens);
    if (variable !== from.variable && variable !== to.variable) throw syntax(`${variable} is not defined`);
    returns.push({ variable, member, as: tokens.takes("AS") ? tokens.name() : `${variable}.${member}` });
  } while (tokens.takes(","));
  const limit = tokens.takes("LIMIT") ? value(tokens) : undefined;
  if (!tokens.atEnd) throw syntax(`the query goes on with "${tokens.rest}"`);
  return { kind: "read", from, type, to, where: { ...condition, list }, returns, limit };
}

function labelled(tokens: Tokens): { readonly variable: string; readonly label: string } {
  tokens.expect("(");
  const variable = tokens.name();
  tokens.expect(":");
  const label = tokens.name();
  tokens.expect(")");
  return { variable, label };
}

function arrow(tokens: Tokens): string {
  tokens.expect("-[");
  tokens.expect(":");
  const type = tokens.name();
  tokens.expect("]->");
  return type;
}

function property(tokens: Tokens): { readonly variable: string; readonly member: string } {
  const variable = tokens.name();
  tokens.expect(".");
  return { variable, member: tokens.name() };
}

function value(tokens: Tokens): Value {
  const token = tokens.next();
  if (/^['"]/.test(token)) return { kind: "constant", value: token.slice(1, -1).replace(/\\(.)/g, "$1") };
  if (/^\d/.test(token)) return { kind: "constant", value: Number(token) };
  if (!/^\$?\w/.test(token)) throw syntax(`"${token}" is no value`);
  const path = [token.replace("$", "")];
  while (tokens.takes(".")) path.push(tokens.name());
  return { kind: token.startsWith("$") ? "parameter" : "row", path };
}

class Tokens {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.trim();
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  get rest(): string {
    return this.#text.slice(this.#at).trim();
  }

  next(): string {
    const found = this.#peek();
    if (found === undefined) throw syntax(this.atEnd ? "the query ends too early" : `"${this.rest}" is not understood`);
    this.#at = found.end;
    return found.token;
  }

  /** Words of the language are known in any letter case. */
  takes(wanted: string): boolean {
    const found = this.#peek();
    if (found?.token.toUpperCase() !== wanted) return false;
    this.#at = found.end;
    return true;
  }

  expect(wanted: string): void {
    const { rest } = this;
    if (!this.takes(wanted)) throw syntax(`expected ${wanted} before "${rest}"`);
  }

  name(): string {
    const token = this.next();
    if (!/^[A-Za-z_]\w*$/.test(token)) throw syntax(`"${token}" is no name`);
    return token;
  }

  #peek(): { readonly token: string; readonly end: number } | undefined {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    return match === null ? undefined : { token: match[0].trim(), end: TOKEN.lastIndex };
  }
}

const syntax = (message: string): RequestError =>
  new RequestError(400, "SyntaxError", `${message}. This stand-in runs a part of Cypher only.`);
