/** An application with every kind of door, in front of functions that answer what a request tells them to. */
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";

/** `x-result` holds the function's result as JSON, `x-throw` a message to fail with; else it gives back its event. */
const ECHO = `
exports.handler = async (event) => {
  const header = (name) => Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
  const sleep = header("x-sleep");
  if (sleep !== undefined) await new Promise((wake) => setTimeout(wake, Number(sleep)));
  if (header("x-size") !== undefined) return { statusCode: 200, body: "a".repeat(Number(header("x-size"))) };
  if (header("x-throw") !== undefined) throw new Error(header("x-throw"));
  const result = header("x-result");
  if (result === "undefined") return undefined;
  if (result !== undefined) return JSON.parse(result);
  return { statusCode: 200, body: JSON.stringify(event) };
};`;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value ... as they came. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders | readonly string[];
  readonly body?: string | Buffer;
}

/** The event that an echo answered. */
export const eventIn = (answer: Answer): Record<string, unknown> => JSON.parse(answer.text) as Record<string, unknown>;

export class Doors {
  readonly stack: TestStack;
  readonly #project: ProjectFolder;

  private constructor(stack: TestStack, project: ProjectFolder) {
    this.stack = stack;
    this.#project = project;
  }

  static async open(
    template: string,
    files: Readonly<Record<string, string>> = {},
    options: {
      readonly clock?: "virtual";
      readonly jwtKeys?: Record<string, string>;
      readonly onLog?: (name: string, line: string) => void;
      readonly onNotice?: (text: string) => void;
    } = {},
  ): Promise<Doors> {
    const project = new ProjectFolder({ "template.yaml": template, "code/echo.js": ECHO, ...files });
    const { clock, jwtKeys, onLog, onNotice } = options;
    const stack = await createStack({
      folder: project.folder,
      ...(clock === undefined ? {} : { clock }),
      ...(onLog === undefined ? {} : { onLog }),
      ...(onNotice === undefined ? {} : { onNotice }),
      ...(jwtKeys === undefined ? {} : { config: { jwtKeys } }),
    });
    return new Doors(stack, project);
  }

  get folder(): string {
    return this.#project.folder;
  }

  /** Base of an API or URL, by logical id. */
  url(name: string): string {
    const door = this.stack.stack.doors.find((candidate) => candidate.name === name);
    if (door === undefined) throw new Error(`no door ${name}`);
    return door.url.replace(/\/$/, "");
  }

  send(name: string, path: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Answer> {
    const base = new URL(this.url(name));
    // A list is sent as it is, without what Node adds to a map.
    const lines = Array.isArray(headers) ? ["Host", base.host, ...(headers as string[])] : headers;
    return new Promise((resolve, reject) => {
      // The path goes out as it is written: fetch would mend it.
      const request = httpRequest(
        {
          host: base.hostname,
          port: base.port,
          path: `${base.pathname.replace(/\/$/, "")}${path}`,
          method,
          headers: lines as OutgoingHttpHeaders,
          agent: false,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const whole = Buffer.concat(chunks);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              rawHeaders: response.rawHeaders,
              body: whole,
              text: whole.toString("utf8"),
            });
          });
        },
      );
      request.on("error", reject);
      request.end(body);
    });
  }

  async close(): Promise<void> {
    await this.stack.close();
    this.#project.remove();
  }
}

/** Functions of a template: `Name: { handler, more lines }`. */
export const HEAD = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs20.x, CodeUri: code/, Timeout: 10, MemorySize: 256 }
`;
