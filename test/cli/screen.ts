import type { ChildProcessWithoutNullStreams } from "node:child_process";

/** What a process prints, and a way to wait for a part of it. */
export class Screen {
  text = "";
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #heard = new Set<() => void>();
  #seen = 0;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.text += text;
        for (const wake of this.#heard) wake();
      });
    this.exited = new Promise((resolve) => child.once("close", resolve));
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
    for (;;) {
      const match = pattern.exec(this.text.slice(this.#seen));
      if (match !== null) {
        this.#seen += match.index + match[0].length;
        return match[0];
      }
      await Promise.race([
        new Promise<void>((resolve) => this.#heard.add(resolve)),
        this.exited.then(() => Promise.reject(new Error(`ended without ${String(pattern)}:\n${this.text}`))),
      ]);
      this.#heard.clear();
    }
  }
}
