/** Faults of a template, each with its place: resource, property path, file, line, column, code frame. */
import { relative } from "node:path";
import { AppError } from "../../shared/errors.js";
import type { ErrorCode } from "../../shared/errors.js";
import type { Placeholder } from "../application.js";
import { codeFrame } from "../code-frame.js";
import type { Position } from "./node.js";

/** `Resources.Fn.Properties.Timeout` as steps. */
export type Path = readonly PropertyKey[];

export interface Fault {
  readonly at: Position;
  readonly path: Path;
  readonly what: string;
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
}

export class Problems {
  readonly #texts = new Map<string, string>();
  readonly #folder: string;
  readonly #notices: string[] = [];
  readonly #placeholders: Placeholder[] = [];

  /** Paths are shown relative to `folder`. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  addText(file: string, text: string): void {
    this.#texts.set(file, text);
  }

  /** LR2003. */
  reference(fault: Fault): AppError {
    return this.#error("LR2003", fault);
  }

  /** LR2004. */
  value(fault: Fault): AppError {
    return this.#error("LR2004", fault);
  }

  /** A sentence for the user that stops nothing; said once. */
  notice(sentence: string): void {
    if (!this.#notices.includes(sentence)) this.#notices.push(sentence);
  }

  get notices(): readonly string[] {
    return this.#notices;
  }

  /** Says that `value` stands in for something that is not known here, and remembers it; gives it back. */
  placeholder(value: string, why: string, help?: string): string {
    const notice = `${why}: "${value}" stands in for it.${help === undefined ? "" : ` ${help}`}`;
    if (!this.#notices.includes(notice)) this.#placeholders.push({ value, notice });
    this.notice(notice);
    return value;
  }

  get placeholders(): readonly Placeholder[] {
    return this.#placeholders;
  }

  place(at: Position): string {
    const shown = relative(this.#folder, at.file);
    return `${shown.startsWith("..") ? at.file : shown}:${at.line}:${at.column}`;
  }

  #error(code: ErrorCode, fault: Fault): AppError {
    const text = this.#texts.get(fault.at.file);
    return new AppError(code, {
      what: fault.what,
      where: `${this.place(fault.at)} (${showPath(fault.path)})`,
      ...(fault.why === undefined ? {} : { why: fault.why }),
      ...(fault.fix === undefined ? {} : { fix: fault.fix }),
      ...(text === undefined ? {} : { codeFrame: codeFrame(text, fault.at.line, fault.at.column) }),
    });
  }
}

/** `Resources.Fn.Properties.Layers[0]` */
function showPath(path: Path): string {
  return path
    .map((step, i) => (typeof step === "number" ? `[${step}]` : `${i === 0 ? "" : "."}${String(step)}`))
    .join("");
}
