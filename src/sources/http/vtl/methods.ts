/**
 * Methods of texts, lists, maps and numbers: those of Java's classes that templates use. There are no others.
 * https://velocity.apache.org/engine/devel/vtl-reference.html
 */
import { type BoundedRegExp, RegExpTimeout } from "../../../services/states/interpreter/data/bounded-regexp.js";
import { messageOf } from "../../../shared/errors.js";
import { bounded, checkSize, MAX_LENGTH, TemplateFault } from "./bounds.js";
import { javaPattern } from "./java-pattern.js";
import { isBuiltin, isEqual, isList, isMap, OwnList, textOf, type Value, type ValueMap } from "./values.js";

type Args = readonly Value[];
type Methods<T> = Readonly<Record<string, (self: T, args: Args) => Value>>;

const text = (args: Args, at = 0): string => textOf(args[at]);
const number = (args: Args, at = 0): number => Number(args[at] ?? Number.NaN);

/** What is no pattern, or takes too long, fails the template. */
function searched<T>(source: string, matching: "whole" | "all", use: (pattern: BoundedRegExp) => T): T {
  try {
    return use(javaPattern(source, matching));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RegExpTimeout) throw new TemplateFault(messageOf(error));
    throw error;
  }
}

function replaced(self: string, args: Args, all: boolean): string {
  const by = text(args, 1);
  // `$1` and `\$` of Java.
  const fill = (match: RegExpExecArray): string =>
    by.replace(/\\(.)|\$(\d)/gs, (_, plain?: string, group?: string) =>
      group === undefined ? (plain ?? "") : (match[Number(group)] ?? ""),
    );
  return searched(text(args), "all", (pattern) => {
    let out = "";
    let from = 0;
    for (const match of pattern.matches(self)) {
      out = bounded(out + self.slice(from, match.index) + fill(match));
      from = match.index + match[0].length;
      if (!all) break;
    }
    return bounded(out + self.slice(from));
  });
}

/** Empty ones at the end are left out, as by Java. */
function split(self: string, args: Args): Value {
  const parts: string[] = [];
  let from = 0;
  searched(text(args), "all", (pattern) => {
    for (const match of pattern.matches(self)) {
      if (match[0] === "") continue;
      parts.push(self.slice(from, match.index));
      from = match.index + match[0].length;
    }
  });
  parts.push(self.slice(from));
  while (parts.length > 1 && parts.at(-1) === "") parts.pop();
  return OwnList.from(parts);
}

const STRING: Methods<string> = {
  charAt: (self, args) => self.charAt(number(args)),
  compareTo: (self, args) => (self < text(args) ? -1 : self > text(args) ? 1 : 0),
  concat: (self, args) => bounded(self + text(args)),
  contains: (self, args) => self.includes(text(args)),
  endsWith: (self, args) => self.endsWith(text(args)),
  equals: (self, args) => args[0] === self,
  equalsIgnoreCase: (self, args) => text(args).toLowerCase() === self.toLowerCase(),
  indexOf: (self, args) => self.indexOf(text(args), args.length > 1 ? number(args, 1) : 0),
  isBlank: (self) => self.trim() === "",
  isEmpty: (self) => self === "",
  lastIndexOf: (self, args) => self.lastIndexOf(text(args)),
  length: (self) => self.length,
  matches: (self, args) => searched(text(args), "whole", (pattern) => pattern.exec(self) !== null),
  replace: (self, args) => replacedText(self, text(args), text(args, 1)),
  replaceAll: (self, args) => replaced(self, args, true),
  replaceFirst: (self, args) => replaced(self, args, false),
  split,
  startsWith: (self, args) => self.startsWith(text(args)),
  substring: (self, args) => self.slice(number(args), args.length > 1 ? number(args, 1) : undefined),
  toLowerCase: (self) => self.toLowerCase(),
  toString: (self: string) => self,
  toUpperCase: (self) => self.toUpperCase(),
  trim: (self) => self.trim(),
};

function replacedText(self: string, search: string, by: string): string {
  const pieces = self.split(search);
  checkSize(pieces.length * by.length);
  return bounded(pieces.join(by));
}

const indexIn = (self: readonly Value[], sought: Value): number => self.findIndex((item) => isEqual(item, sought));

function checkLength(list: readonly Value[]): void {
  if (list.length > MAX_LENGTH) throw new TemplateFault("a list of the template is too long");
}

const LIST: Methods<Value[]> = {
  add: (self, args) => {
    if (args.length > 1) self.splice(number(args), 0, args[1]);
    else self.push(args[0]);
    checkLength(self);
    return true;
  },
  addAll: (self, [more]) => {
    if (isList(more)) for (const item of more.slice()) self.push(item);
    checkLength(self);
    return true;
  },
  contains: (self, [sought]) => indexIn(self, sought) !== -1,
  get: (self, args) => self[number(args)],
  indexOf: (self, [sought]) => indexIn(self, sought),
  isEmpty: (self) => self.length === 0,
  remove: (self, [which]) => {
    const at = typeof which === "number" ? which : indexIn(self, which);
    return at === -1 ? false : self.splice(at, 1)[0];
  },
  set: (self, args) => {
    const [before] = self.splice(number(args), 1, args[1]);
    return before;
  },
  size: (self) => self.length,
  subList: (self, args) => OwnList.from(self.slice(number(args), number(args, 1))),
  toString: (self: Value) => textOf(self),
};

const entry = ([key, value]: readonly [string, Value]): ValueMap =>
  new Map<string, Value>([
    ["key", key],
    ["value", value],
  ]);

const MAP: Methods<ValueMap> = {
  clear: (self) => {
    self.clear();
    return undefined;
  },
  containsKey: (self, args) => self.has(text(args)),
  containsValue: (self, [sought]) => indexIn([...self.values()], sought) !== -1,
  entrySet: (self) => OwnList.from([...self].map(entry)),
  get: (self, args) => self.get(text(args)),
  getOrDefault: (self, args) => self.get(text(args)) ?? args[1],
  isEmpty: (self) => self.size === 0,
  keySet: (self) => OwnList.from(self.keys()),
  put: (self, args) => {
    const before = self.get(text(args));
    self.set(text(args), args[1]);
    return before;
  },
  putAll: (self, [more]) => {
    if (isMap(more)) for (const [name, item] of more) self.set(name, item);
    return undefined;
  },
  remove: (self, args) => {
    const before = self.get(text(args));
    self.delete(text(args));
    return before;
  },
  size: (self) => self.size,
  toString: (self: Value) => textOf(self),
  values: (self) => OwnList.from(self.values()),
};

/** `#set($Integer = 0)$Integer.parseInt("5")`: the way to Java's static methods. */
const NUMBER: Methods<number> = {
  doubleValue: (self) => self,
  equals: (self, [other]) => other === self,
  intValue: (self) => Math.trunc(self),
  longValue: (self) => Math.trunc(self),
  parseDouble: (_, args) => parsed(text(args), /^[+-]?\d+(\.\d+)?$/),
  parseInt: (_, args) => parsed(text(args), /^[+-]?\d+$/),
  parseLong: (_, args) => parsed(text(args), /^[+-]?\d+$/),
  toString: (self: number) => String(self),
  valueOf: (_: number, args: Args) => parsed(text(args), /^[+-]?\d+(\.\d+)?$/),
};

function parsed(digits: string, form: RegExp): number {
  if (!form.test(digits)) throw new TemplateFault(`For input string: ${JSON.stringify(digits.slice(0, 100))}`);
  return Number(digits);
}

const BOOLEAN: Methods<boolean> = {
  equals: (self, [other]) => other === self,
  parseBoolean: (_, args) => text(args).toLowerCase() === "true",
  toString: (self: boolean) => String(self),
};

function run<T>(methods: Methods<T>, self: T, name: string, args: Args): Value {
  return Object.hasOwn(methods, name) ? methods[name]?.(self, args) : undefined;
}

/** Undefined for a method that there is not. */
export function call(self: Value, name: string, args: Args): Value {
  if (typeof self === "string") return run(STRING, self, name, args);
  if (typeof self === "number") return run(NUMBER, self, name, args);
  if (typeof self === "boolean") return run(BOOLEAN, self, name, args);
  if (self === undefined || self === null) return undefined;
  if (isBuiltin(self)) return self.methods.get(name)?.(...args);
  if (isList(self)) return run(LIST, self as Value[], name, args);
  const getter = /^get([A-Z].*)$/.exec(name)?.[1];
  if (Object.hasOwn(MAP, name) || getter === undefined) return run(MAP, self, name, args);
  return property(self, getter.charAt(0).toLowerCase() + getter.slice(1)) ?? property(self, getter);
}

/** `$map.name`, `$list.empty`. */
export function property(self: Value, name: string): Value {
  if (isMap(self)) return self.has(name) ? self.get(name) : name === "empty" ? self.size === 0 : undefined;
  if (isList(self) || typeof self === "string") return name === "empty" ? self.length === 0 : undefined;
  return isBuiltin(self) ? self.properties.get(name)?.() : undefined;
}

/** `$list[0]`, `$map["name"]`. */
export function element(self: Value, key: Value): Value {
  if (isList(self)) return typeof key === "number" ? self.at(key) : undefined;
  return isMap(self) ? self.get(textOf(key)) : undefined;
}
