/** Single keys on a terminal, without Enter. Elsewhere nothing is read. */
import type { ReadStream } from "node:tty";

export interface KeyReader {
  /** Lets someone else read the terminal for a while (a prompt); resolves with what `work` gives. */
  suspend<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** `onKey` gets single characters; Ctrl-C and Ctrl-D arrive at `onInterrupt`, since raw mode keeps them from the system. */
export function readKeys(stdin: ReadStream, onKey: (key: string) => void, onInterrupt: () => void): KeyReader {
  const listen = (data: Buffer): void => {
    // Escape sequences (arrows, function keys) are one chunk and none of ours.
    const text = data.toString("utf8");
    if (text.startsWith("\u001b")) return;
    for (const key of text) {
      if (key === CTRL_C || key === CTRL_D) onInterrupt();
      else onKey(key.toLowerCase());
    }
  };
  const begin = (): void => {
    stdin.setRawMode(true);
    stdin.on("data", listen);
    stdin.resume();
  };
  const end = (): void => {
    stdin.removeListener("data", listen);
    stdin.setRawMode(false);
    stdin.pause();
  };
  begin();
  let stopped = false;
  return {
    async suspend(work) {
      end();
      try {
        return await work();
      } finally {
        if (!stopped) begin();
      }
    },
    stop() {
      stopped = true;
      end();
    },
  };
}
