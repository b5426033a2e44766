/** A small application behind an HTTP API, a REST API and a function URL, and what curl gets from a running `start`. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/lambda-run.js", import.meta.url));

const TEMPLATE = `Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      CodeUri: ./
      Handler: orders.handler
      FunctionUrlConfig: { AuthType: NONE }
      Events:
        Http: { Type: HttpApi, Properties: { Path: "/orders/{id}", Method: GET } }
        Rest: { Type: Api, Properties: { Path: "/orders/{id}", Method: GET } }
`;
const HANDLER = `exports.handler = async (event) => {
  const id = event.pathParameters?.id;
  if (id === "0") throw new Error("no such order");
  return { statusCode: 200, headers: { "X-Order": id ?? "none" }, body: event.rawPath ?? event.path };
};
`;

/** Undefined where there is no curl. */
export async function recordDoors() {
  try {
    execFileSync("curl", ["--version"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-recording-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "template.yaml"), TEMPLATE);
  writeFileSync(join(folder, "orders.js"), HANDLER);
  const stack = spawn(process.execPath, [BIN, "start", "--ephemeral", "--port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(stack, "exit");
  try {
    const { urls } = await ready(stack);
    const doors = Object.fromEntries(urls.map(({ kind, url }) => [kind, url.replace(/\/$/, "")]));
    const curl = (url) => {
      const answer = execFileSync("curl", ["-si", url], { encoding: "utf8" }).replaceAll("\r\n", "\n");
      return `$ curl -si ${url}\n${answer.replace(/\n?$/, "\n")}`;
    };
    return [
      `$ cat template.yaml orders.js\n${TEMPLATE}${HANDLER}`,
      curl(`${doors.http}/orders/7`),
      curl(`${doors.http}/orders/0`),
      curl(`${doors.http}/nothing`),
      curl(`${doors.rest}/orders/7`),
      curl(`${doors.rest}/nothing`),
      curl(`${doors["function URL"]}/any/path`),
    ].join("");
  } finally {
    stack.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ready(stack) {
  for await (const line of createInterface({ input: stack.stdout })) {
    if (line.includes('"ready"')) return JSON.parse(line);
  }
  throw new Error("the stack did not start");
}
