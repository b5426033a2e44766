import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { until } from "../until.js";

/** What a process prints, and a way to wait for a part of it. */
export class Screen {
  text = "";
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;
  #seen = 0;
  #ended = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (this.text += text));
    this.exited = new Promise((resolve) =>
      child.once("close", (code) => {
        this.#ended = true;
        resolve(code);
      }),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when the pattern stands after what was waited for last. */
  async sees(pattern: RegExp): Promise<string> {
    const find = (): RegExpExecArray | null => pattern.exec(this.text.slice(this.#seen));
    await until(() => this.#ended || find() !== null).catch(() => undefined);
    const match = find();
    if (match === null)
      throw new Error(`${this.#ended ? "ended" : "runs on"} without ${String(pattern)}:\n${this.text}`);
    this.#seen += match.index + match[0].length;
    return match[0];
  }
}
