/** How far a long job is: one line that is drawn anew on a terminal, now and then a plain line elsewhere. */
import type { WriteStream } from "node:tty";

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
/** Elsewhere a line at each tenth is enough. */
const PLAIN_STEPS = 10;

export interface Progress {
  update(done: number, note?: string): void;
  finish(): void;
}

export function progress(stream: WriteStream, label: string, total: number): Progress {
  return stream.isTTY ? bar(stream, label, total) : plain(stream, label, total);
}

function bar(stream: WriteStream, label: string, total: number): Progress {
  let drawnAt = 0;
  const draw = (done: number, note: string): void => {
    const filled = Math.round((BAR_WIDTH * done) / Math.max(1, total));
    stream.write(`\r\u001b[2K${label} ${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)} ${done}/${total} ${note}`);
  };
  return {
    update(done, note = "") {
      const now = Date.now();
      if (now - drawnAt < REDRAW_MS && done < total) return;
      drawnAt = now;
      draw(done, note);
    },
    finish: () => stream.write("\r\u001b[2K"),
  };
}

function plain(stream: NodeJS.WritableStream, label: string, total: number): Progress {
  let step = 0;
  return {
    update(done, note = "") {
      const reached = Math.floor((PLAIN_STEPS * done) / Math.max(1, total));
      if (reached <= step) return;
      step = reached;
      stream.write(`${label} ${done}/${total} ${note}`.trimEnd() + "\n");
    },
    finish: () => undefined,
  };
}
