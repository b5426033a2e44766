/**
 * How much a template may do. AWS bounds loops and the size of a template; the rest keeps one from holding the process.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
 */

/** "Maximum number of iterations in a #foreach ... #end loop in mapping templates: 1000"; Velocity stops there without a word. */
export const MAX_ITERATIONS = 1000;
/** "Size of any API model, mapping template: 300 KB" */
export const MAX_TEMPLATE_BYTES = 300 * 1024;
/** As large as a body may be. */
const MAX_TEXT_LENGTH = 10 * 1024 * 1024;
/** Of calls of macros and of blocks within each other, as Velocity has it by default. */
export const MAX_DEPTH = 20;
/** Of a list that a template makes. */
export const MAX_LENGTH = 1_000_000;
const MAX_STEPS = 1_000_000;
const MAX_TIME_MS = 5_000;
/** Work on long texts counts more. */
const CHARACTERS_PER_STEP = 1024;

/** What a template cannot do. */
export class TemplateFault extends Error {
  override readonly name = "TemplateFault";
}

/** Counts what one evaluation does, over all its parts. */
export class Bounds {
  #steps = 0;
  #depth = 0;
  // The time of day: it guards this process.
  readonly #startedAt = performance.now();

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > MAX_STEPS) throw new TemplateFault("the template takes too many steps");
    if (performance.now() - this.#startedAt > MAX_TIME_MS) throw new TemplateFault("the template takes too long");
  }

  worked(value: unknown): void {
    this.step(1 + (typeof value === "string" ? Math.floor(value.length / CHARACTERS_PER_STEP) : 0));
  }

  within<T>(run: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw new TemplateFault("macros and blocks call each other too deeply");
    this.#depth += 1;
    try {
      return run();
    } finally {
      this.#depth -= 1;
    }
  }
}

export function bounded(text: string): string {
  checkSize(text.length);
  return text;
}

/** `parts`: of how many values it is made. */
export function checkSize(length: number, parts = 0): void {
  if (length > MAX_TEXT_LENGTH) throw new TemplateFault("a text of the template is larger than 10 MB");
  if (parts > MAX_LENGTH) throw new TemplateFault("a value of the template has too many parts");
}
