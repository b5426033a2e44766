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
    context ??= createContext({});
    context["pattern"] = this.#pattern;
    context["text"] = text;
    try {
      return SEARCH.runInContext(context, { timeout: TIME_LIMIT_MS }) as RegExpExecArray | null;
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") throw new RegExpTimeout();
      throw error;
    } finally {
      context["text"] = "";
    }
  }
}
