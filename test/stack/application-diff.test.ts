/** What of a changed template needs a restart: routes do where no door was opened for them at the start. */
import { configSchema } from "../../src/config/schema.js";
import { diffApplications, type Reading } from "../../src/stack/watch/application-diff.js";
import { read, withFunction } from "../config/support.js";

const config = configSchema.parse({});
const reading = (...resources: string[]): Reading => ({
  application: read(withFunction("FunctionName: fn", resources.join("\n"))),
  config,
});
const http = "Web: { Type: AWS::Serverless::HttpApi }";
const socket = (...keys: string[]): string => {
  const routes = keys.map((key) => `${key}: { FunctionArn: !GetAtt Fn.Arn }`).join(", ");
  const properties = `RouteSelectionExpression: $request.body.action, Routes: { ${routes} }`;
  return `Chat: { Type: AWS::Serverless::WebSocketApi, Properties: { ${properties} } }`;
};

/** What is said of APIs; each reading has its code in a folder of its own. */
const told = (before: Reading, after: Reading, start: Reading): object => {
  const { changes, needsRestart } = diffApplications(before, after, start.application);
  return { changes: changes.filter((change) => !change.startsWith("fn: ")), needsRestart };
};

test("the first WebSocket API needs a restart beside an HTTP API, too, and goes on needing it when its routes change", () => {
  const start = reading(http);
  const first = reading(http, socket("a"));
  const needed = ["WebSocket APIs", "routes of WebSocket APIs"];
  expect(told(start, first, start)).toEqual({ changes: [], needsRestart: needed });
  const more = reading(http, socket("a", "b"));
  expect(told(first, more, start)).toEqual({ changes: [], needsRestart: ["routes of WebSocket APIs"] });
});

test("a route of a WebSocket API that the stack was started with is there at once", () => {
  const start = reading(socket("a"));
  expect(told(start, reading(socket("a", "b")), start)).toEqual({
    changes: ["routes of WebSocket APIs"],
    needsRestart: [],
  });
});
