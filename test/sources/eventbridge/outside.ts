/** Somebody else's API: remembers what it was asked, and answers as a test says. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (response: ServerResponse, asked: Asked) => void;

export interface Outside {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly asked: Asked[];
  /** Of one path, without its query. */
  at(path: string): readonly Asked[];
  answer(how: Answer): void;
  stop(): Promise<void>;
}

export async function startOutside(): Promise<Outside> {
  const asked: Asked[] = [];
  const plain: Answer = (response) => response.end("{}");
  let how = plain;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      how(response, one);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    at: (path) => asked.filter((one) => one.path.split("?")[0] === path),
    answer: (wanted) => (how = wanted),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  (response) => {
    response.writeHead(code, headers).end();
  };
