/** Colours where they are wanted: a terminal, and no NO_COLOR (https://no-color.org). */
import type { WriteStream } from "node:tty";

export interface Colours {
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const paint =
  (on: boolean, open: number, close: number) =>
  (text: string): string =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text;

export function coloursFor(stream: Pick<WriteStream, "isTTY">, environment: NodeJS.ProcessEnv = process.env): Colours {
  const forced = environment["FORCE_COLOR"] !== undefined && environment["FORCE_COLOR"] !== "0";
  const on = (environment["NO_COLOR"] ?? "") === "" && (stream.isTTY || forced);
  return {
    red: paint(on, 31, 39),
    yellow: paint(on, 33, 39),
    green: paint(on, 32, 39),
    cyan: paint(on, 36, 39),
    dim: paint(on, 2, 22),
    bold: paint(on, 1, 22),
  };
}
