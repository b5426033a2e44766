/** WebSocket APIs at the command line: where they are, what stays when code is saved, and what the history knows. */
import { WebSocket } from "ws";
import { until } from "../until.js";
import { Client } from "../sources/websocket/fixture.js";
import { ProjectFolder } from "./cli.js";
import { Screen } from "./screen.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: src/, Handler: chat.handler } }
Resources:
  Rooms:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: prod
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: { FunctionArn: !GetAtt Chat.Arn }
        send: { FunctionArn: !GetAtt Chat.Arn, RouteResponseSelectionExpression: $default }
  Queued: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Rooms, IntegrationType: AWS } }
  QueuedRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Rooms, RouteKey: queue, Target: !Sub "integrations/\${Queued}" } }
  Chat: { Type: AWS::Serverless::Function, Properties: { FunctionName: chat } }
`;
const handler = (word: string): string =>
  `export const handler = async (event: { body?: string }) => ({ statusCode: 200, body: "${word} " + (event.body ?? "") });`;

let project: ProjectFolder;
let screen: Screen | undefined;
beforeEach(() => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "src/chat.ts": handler("first"),
    "lambda-run.config.json": '{ "ports": { "gateway": 0, "http": 0 } }',
  });
});
afterEach(async () => {
  screen?.kill("SIGKILL");
  await screen?.exited;
  project.remove();
});

test("list shows the address of a WebSocket API and its routes", async () => {
  const { stdout } = await project.run(["list"]);
  expect(stdout).toContain(
    "WebSocket API Rooms: ws://127.0.0.1:PORT/prod\n  $connect  Chat\n  send      Chat\n  queue     answered by the API\n",
  );
});

test("connections stay when code is saved, the history has their messages, and a stack that stops ends them", async () => {
  screen = new Screen(project.spawn(["start"]));
  await screen.sees(/note Rooms: queue is an integration of type AWS, which is not emulated/);
  const url = (await screen.sees(/WebSocket API +ws:\/\/127\.0\.0\.1:\d+\/prod/)).replace(/^WebSocket API +/, "");
  const client = new Client(new WebSocket(url));
  await new Promise((resolve) => client.socket.on("open", resolve));
  const message = '{"action":"send","n":1}';
  expect(await client.ask(message)).toBe(`first ${message}`);

  project.write("src/chat.ts", handler("second"));
  await until(async () => (await client.ask(message)) === `second ${message}`);

  const route = "{ FunctionArn: !GetAtt Chat.Arn, RouteResponseSelectionExpression: $default }";
  project.write("template.yaml", TEMPLATE.replace("        send:", `        shout: ${route}\n        send:`));
  expect(await screen.sees(/(applied|restart) .*routes.*/)).toMatch(/^applied routes of WebSocket APIs/);
  expect(await client.ask('{"action":"shout"}')).toBe('second {"action":"shout"}');

  const events = await project.run(["events", "--json"]);
  const records = events.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: string; source: string; subject: string });
  const sent = records.filter(({ subject }) => subject === "send");
  expect(sent.length).toBeGreaterThanOrEqual(2);
  expect(sent[0]).toMatchObject({ source: "websocket" });
  const id = sent[0]?.id ?? "";
  expect((await project.run(["show", id])).stdout).toContain('"routeKey": "send"');
  expect((await project.run(["why", id])).stdout).toContain("the route send of Rooms leads to it");
  const replayed = await project.run(["replay", id]);
  expect(replayed.stdout).toContain(`second ${message.replaceAll('"', '\\"')}`);

  screen.kill("SIGINT");
  expect(await client.closed).toEqual({ code: 1001, reason: "Going away" });
  expect(await screen.exited).toBe(0);
});
