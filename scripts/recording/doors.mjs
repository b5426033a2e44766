/** A small application behind an HTTP API, a REST API and a function URL, and what curl gets from a running `start`. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCurl, withStack } from "./running-stack.mjs";

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
  if (!hasCurl()) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-recording-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "template.yaml"), TEMPLATE);
  writeFileSync(join(folder, "orders.js"), HANDLER);
  try {
    return await withStack(folder, ({ urls }) => {
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
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
