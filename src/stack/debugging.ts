/**
 * Node's inspector in one function at a time, on one port. Listens along with whatever debugger is attached, so that the
 * function's timeout stands still while it is stopped. Protocol: https://chromedevtools.github.io/devtools-protocol/
 */
import type { FunctionConfig } from "../config/function-config.js";
import type { DebuggerOptions } from "../runtime/launch-plans.js";
import type * as Ws from "ws";

/** The inspector opens with its process; until then it is knocked at. */
const RETRY_MS = 100;

export class Debugging {
  #fn: FunctionConfig | undefined;
  #options: DebuggerOptions | undefined;
  #paused = false;
  #socket: Ws.WebSocket | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** Whose inspector is open. */
  get functionName(): string | undefined {
    return this.#fn?.name;
  }

  /** In every version of it: what fires a function may name an alias. */
  readonly inspect = (fn: FunctionConfig): DebuggerOptions | undefined =>
    this.#fn?.name === fn.name ? this.#options : undefined;

  /** Stopped at a breakpoint, or before the first line and nobody has let it go on. */
  readonly paused = (fn: FunctionConfig): boolean => this.#fn?.name === fn.name && this.#paused;

  open(fn: FunctionConfig, options: DebuggerOptions): void {
    this.close();
    this.#fn = fn;
    this.#options = options;
    this.#paused = options.breakAtStart;
    this.#connect(options);
  }

  close(): void {
    this.#fn = this.#options = undefined;
    this.#paused = false;
    clearTimeout(this.#retry);
    this.#socket?.terminate();
    this.#socket = undefined;
  }

  #connect(options: DebuggerOptions): void {
    const again = (): void => {
      if (this.#options === options) this.#retry = setTimeout(() => this.#connect(options), RETRY_MS).unref();
    };
    targetOf(options.port).then((url) => {
      if (this.#options !== options) return;
      if (url === undefined) return again();
      const { WebSocket } = require("ws") as typeof Ws;
      const socket = new WebSocket(url, { perMessageDeflate: false });
      this.#socket = socket;
      socket.on("open", () => socket.send(JSON.stringify({ id: 1, method: "Debugger.enable" })));
      socket.on("message", (data: Buffer) => this.#message(data.toString("utf8")));
      // The process has ended; the next one opens the port again.
      socket.on("close", () => {
        if (this.#options === options) this.#paused = options.breakAtStart;
        again();
      });
      socket.on("error", () => undefined);
    }, again);
  }

  #message(text: string): void {
    // Scripts that were parsed come by the hundred; only two events matter.
    if (text.startsWith('{"method":"Debugger.paused"')) this.#paused = true;
    else if (text.startsWith('{"method":"Debugger.resumed"')) this.#paused = false;
  }
}

/** Address of the inspector's WebSocket; undefined while nothing listens. */
async function targetOf(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`);
    const [target] = (await response.json()) as { readonly webSocketDebuggerUrl?: string }[];
    return target?.webSocketDebuggerUrl;
  } catch {
    return undefined;
  }
}
