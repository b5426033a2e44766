/**
 * A regular expression whose search ends after a second: one with nested repetitions may otherwise hold the whole process.
 * The search runs under the watchdog of node:vm, which stops what the event loop cannot.
 */
import { createContext, Script, type Context } from "node:vm";

const TIME_LIMIT_MS = 1000;

export class RegExpTimeout extends Error {
  override readonly message = "the regular expression takes too long";
}

const SEARCH = new Script("pattern.exec(text)");
/** The watchdog costs more than a match: one of many watches over a thousand. */
const BATCH = 1000;
const SEARCH_MANY = new Script(`(() => {
  const found = [];
  for (let match; found.length < ${BATCH} && (match = pattern.exec(text)) !== null; ) {
    if (match[0] === "") pattern.lastIndex += 1;
    found.push(match);
  }
  return found;
})()`);
let context: Context | undefined;

/** What JSONata and the filters of paths use of RegExp. */
export class BoundedRegExp {
  readonly #pattern: RegExp;

  constructor(pattern: RegExp) {
    this.#pattern = new RegExp(pattern);
  }

  get lastIndex(): number {
    return this.#pattern.lastIndex;
  }

  set lastIndex(index: number) {
    this.#pattern.lastIndex = index;
  }

  exec(text: string): RegExpExecArray | null {
    return this.#run(SEARCH, text, TIME_LIMIT_MS) as RegExpExecArray | null;
  }

  /** All matches of a pattern with the flag `g`; a second for them together, and for what is done with them. */
  *matches(text: string): Generator<RegExpExecArray, void, undefined> {
    const endsAt = performance.now() + TIME_LIMIT_MS;
    let found: readonly RegExpExecArray[];
    do {
      const leftMs = Math.ceil(endsAt - performance.now());
      if (leftMs <= 0) throw new RegExpTimeout();
      found = this.#run(SEARCH_MANY, text, leftMs) as readonly RegExpExecArray[];
      yield* found;
    } while (found.length === BATCH);
  }

  #run(search: Script, text: string, timeoutMs: number): unknown {
    context ??= createContext({});
    context["pattern"] = this.#pattern;
    context["text"] = text;
    try {
      return search.runInContext(context, { timeout: timeoutMs });
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw new RegExpTimeout();
      throw error;
    } finally {
      context["text"] = "";
    }
  }
}
