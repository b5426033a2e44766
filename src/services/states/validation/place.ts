/** A place in a definition while it is read: its pointer, and the list that takes what is found there. */
import type { Diagnostic } from "./diagnostic.js";

/** The code of most that is refused; the others say more exactly what it is. */
const SCHEMA_VALIDATION_FAILED = "SCHEMA_VALIDATION_FAILED";

export class Place {
  readonly path: string;
  readonly #found: Diagnostic[];

  constructor(found: Diagnostic[], path = "") {
    this.path = path;
    this.#found = found;
  }

  member(name: string): Place {
    return new Place(this.#found, `${this.path}/${name}`);
  }

  item(index: number): Place {
    return new Place(this.#found, `${this.path}[${index}]`);
  }

  refuse(message: string, code = SCHEMA_VALIDATION_FAILED): void {
    this.#found.push({ severity: "ERROR", code, message, location: this.path === "" ? "/" : this.path });
  }

  warn(code: string, message: string): void {
    this.#found.push({ severity: "WARNING", code, message, location: this.path === "" ? "/" : this.path });
  }

  /** What concerns the definition as a whole: it has no location. */
  refuseAll(message: string, code = SCHEMA_VALIDATION_FAILED): void {
    this.#found.push({ severity: "ERROR", code, message });
  }
}
