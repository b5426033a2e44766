/** APIs and function URLs at the command line: where `list` says they are, and what is said when a token cannot be judged. */
import type { FrontDoor } from "../../src/stack/doors.js";
import { ProjectFolder } from "./cli.js";
import { Screen } from "./screen.js";

const API = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: src/, Handler: orders.handler } }
Resources:
  Front:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Tokens:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: { issuer: "http://127.0.0.1:1/pool", audience: [app] }
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      FunctionUrlConfig: { AuthType: NONE }
      Environment: { Variables: { FRONT: !Sub "https://\${Front}.execute-api.\${AWS::Region}.amazonaws.com/x" } }
      Events:
        Read: { Type: HttpApi, Properties: { ApiId: !Ref Front, Path: "/orders/{id}", Method: GET, Auth: { Authorizer: Tokens } } }
        Rest: { Type: Api, Properties: { Path: /old, Method: any } }
        Lost: { Type: HttpApi, Properties: { ApiId: !Ref Front, Path: /lost, Method: GET, Auth: { Authorizer: Nobody } } }
`;
const HANDLER = "export const handler = async () => process.env.FRONT;";

const folders: ProjectFolder[] = [];
function project(ports: object, template = API): ProjectFolder {
  const config = JSON.stringify({ ports: { gateway: 0, ...ports } });
  const made = new ProjectFolder({
    "template.yaml": template,
    "src/orders.ts": HANDLER,
    "lambda-run.config.json": config,
  });
  folders.push(made);
  return made;
}
afterAll(() => folders.forEach((folder) => folder.remove()));

describe("lambda-run list", () => {
  it("names APIs and function URLs with their addresses and routes", async () => {
    const { stdout } = await project({ http: 3456 }).run(["list"]);
    const base = String.raw`http://127\.0\.0\.1:3456/_aws`;
    expect(stdout).toMatch(
      new RegExp(`^HTTP API Front: ${base}/execute-api/[a-z0-9]{10}\n {2}GET {2}/orders/\\{id\\} {2}Orders\n`, "m"),
    );
    expect(stdout).toMatch(
      new RegExp(
        `^REST API ServerlessRestApi: ${base}/execute-api/[a-z0-9]{10}/Prod\n {2}ANY {2}/old {2}Orders\n`,
        "m",
      ),
    );
    expect(stdout).toMatch(new RegExp(`^function URL Orders: ${base}/lambda-url/[a-z0-9]+/$`, "m"));
  });

  it("gives them as JSON, the only one at the bare address", async () => {
    const only = API.replace(/ {6}FunctionUrlConfig.*\n/, "").replace(/ {8}(Rest|Lost):.*\n/g, "");
    const { stdout } = await project({}, only).run(["list", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      apis: [
        {
          kind: "http",
          name: "Front",
          url: "http://127.0.0.1:3000",
          routes: [{ method: "GET", path: "/orders/{id}", function: "Orders" }],
        },
      ],
    });
  });

  it("names rules and schedules with what fires them and where they lead", async () => {
    const template = `
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Orders: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
  Placed: { Type: AWS::Events::Rule, Properties: { Name: placed, EventBusName: !Ref Orders, EventPattern: { source: [shop] }, Targets: [{ Id: q, Arn: !GetAtt Inbox.Arn }] } }
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: nightly
      ScheduleExpression: cron(0 3 * * ? *)
      ScheduleExpressionTimezone: Europe/Berlin
      FlexibleTimeWindow: { Mode: 'OFF' }
      Target: { Arn: !GetAtt Inbox.Arn, RoleArn: "arn:aws:iam::000000000000:role/s" }
`;
    const folder = project({}, template);
    const { stdout } = await folder.run(["list"]);
    expect(stdout).toMatch(
      /^RULE +BUS +STATE +FIRES ON +TARGETS\nplaced +orders +ENABLED +{"source":\["shop"\]} +sqs inbox$/m,
    );
    expect(stdout).toMatch(/^nightly +default +ENABLED +cron\(0 3 \* \* \? \*\) +Europe\/Berlin +sqs inbox$/m);
    expect(stdout).toMatch(/^event buses: orders$/m);
    expect(JSON.parse((await folder.run(["list", "--json"])).stdout)).toMatchObject({
      rules: [{ name: "placed", busName: "orders" }],
      schedules: [{ name: "nightly", timezone: "Europe/Berlin" }],
      eventBuses: [{ name: "orders" }],
    });
  });

  it("names connections and other people's APIs, and shows nothing of what authorises", async () => {
    const template = `
Resources:
  Theirs:
    Type: AWS::Events::Connection
    Properties: { Name: theirs, AuthorizationType: BASIC, AuthParameters: { BasicAuthParameters: { Username: me, Password: hush } } }
  Hook:
    Type: AWS::Events::ApiDestination
    Properties: { Name: hook, ConnectionArn: !GetAtt Theirs.Arn, InvocationEndpoint: "https://example.com/hook", HttpMethod: PUT }
  Placed: { Type: AWS::Events::Rule, Properties: { Name: placed, EventPattern: { source: [shop] }, Targets: [{ Id: h, Arn: !GetAtt Hook.Arn, RoleArn: "arn:aws:iam::000000000000:role/r" }] } }
`;
    const folder = project({}, template);
    const { stdout } = await folder.run(["list"]);
    expect(stdout).toMatch(/^placed +default +ENABLED +{"source":\["shop"\]} +events hook$/m);
    expect(stdout).toMatch(/^API DESTINATION +METHOD +ENDPOINT\nhook +PUT +https:\/\/example.com\/hook$/m);
    expect(stdout).toMatch(/^connections: theirs$/m);
    const json = (await folder.run(["list", "--json"])).stdout;
    expect(JSON.parse(json)).toMatchObject({ connections: [{ name: "theirs" }], apiDestinations: [{ name: "hook" }] });
    expect(json).not.toContain("hush");
  });

  it("names pipes with what goes through them", async () => {
    const template = `
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Outbox: { Type: AWS::SQS::Queue, Properties: { QueueName: outbox } }
  Mover:
    Type: AWS::Pipes::Pipe
    Properties:
      Name: mover
      RoleArn: arn:aws:iam::000000000000:role/pipe
      DesiredState: STOPPED
      Source: !GetAtt Inbox.Arn
      SourceParameters: { SqsQueueParameters: { BatchSize: 3 }, FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] } }
      Enrichment: arn:aws:lambda:us-east-1:000000000000:function:enrich
      Target: !GetAtt Outbox.Arn
`;
    const folder = project({}, template);
    const { stdout } = await folder.run(["list"]);
    expect(stdout).toMatch(
      /^PIPE +STATE +FROM +THROUGH +TO +ON\nmover +STOPPED +sqs inbox +lambda enrich +sqs outbox +batches of 3, filter {"body":{"a":\[1\]}}$/m,
    );
    expect(JSON.parse((await folder.run(["list", "--json"])).stdout)).toMatchObject({ pipes: [{ name: "mover" }] });
  });

  it("names what else fires a function: queues, streams, buckets and topics", async () => {
    const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Uploads: { Type: AWS::S3::Bucket, Properties: { BucketName: uploads } }
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      Runtime: nodejs22.x
      Handler: index.handler
      InlineCode: exports.handler = async () => 1;
      Events:
        Queue: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, Enabled: false, FunctionResponseTypes: [ReportBatchItemFailures], FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] } } }
        Stream: { Type: DynamoDB, Properties: { Stream: !GetAtt Orders.StreamArn, StartingPosition: LATEST, MaximumBatchingWindowInSeconds: 2 } }
        Put: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: "s3:ObjectCreated:*", Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }, { Name: suffix, Value: .pdf }] } } } }
        Lines: { Type: CloudWatchLogs, Properties: { LogGroupName: /app/web, FilterPattern: ERROR } }
        Said: { Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { kind: [big] } } }
`;
    const folder = project({}, template);
    const { stdout } = await folder.run(["list"]);
    const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
    expect(rows).toEqual(
      expect.arrayContaining([
        ["FUNCTION", "FIRED BY", "STATE", "ON"],
        ["work", "sqs jobs", "DISABLED", 'batches of 10, partial failures, filter {"body":{"a":[1]}}'],
        ["work", "dynamodb orders", "ENABLED", "batches of 100 within 2 s, LATEST"],
        ["work", "s3 uploads", "ENABLED", "s3:ObjectCreated:* of in/*.pdf"],
        ["work", "logs /app/web", "ENABLED", "ERROR"],
        ["work", "sns news", "ENABLED", 'MessageAttributes {"kind":["big"]}'],
      ]),
    );
    expect(JSON.parse((await folder.run(["list", "--json"])).stdout)).toMatchObject({
      triggers: [
        { kind: "sqs", enabled: false },
        { kind: "dynamodb" },
        { kind: "s3", bucket: "uploads" },
        { kind: "logs", filterPattern: "ERROR" },
        { kind: "sns" },
      ],
    });
  });

  it("gives the address that functions see in a one-shot command, too", async () => {
    const folder = project({ http: 3456 });
    const { apis } = JSON.parse((await folder.run(["list", "--json"])).stdout) as {
      apis: { name: string; url: string }[];
    };
    const { url = "" } = apis.find(({ name }) => name === "Front") ?? {};
    expect((await folder.run(["invoke", "orders"])).stdout).toBe(`"${url}/x"\n`);
  });
});

it("functions get the id of the key that SAM makes for an API", async () => {
  const keyed = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Front:
    Type: AWS::Serverless::Api
    Properties: { StageName: dev, Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: PER_API } } }
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: orders.handler
      Environment: { Variables: { FRONT: !Ref FrontApiKey } }
`;
  expect((await project({}, keyed).run(["invoke", "orders"])).stdout).toMatch(/^"[a-z0-9]{10}"\n$/);
});

test("the event of a schedule is not made in the form of a rule, nor the other way round", async () => {
  const scheduled = project(
    {},
    `
Transform: AWS::Serverless-2016-10-31
Resources:
  Hourly: { Type: AWS::Events::Rule, Properties: { Name: hourly, ScheduleExpression: rate(1 hour), Targets: [] } }
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties:
      Name: nightly
      ScheduleExpression: rate(1 day)
      FlexibleTimeWindow: { Mode: "OFF" }
      Target: { Arn: "arn:aws:sqs:us-east-1:000000000000:q", RoleArn: "arn:aws:iam::000000000000:role/r" }
`,
  );
  const made = (kind: string, name: string) => scheduled.run(["generate-event", kind, "--schedule", name]);
  expect(JSON.parse((await made("scheduler", "Nightly")).stdout)).toMatchObject({ source: "aws.scheduler" });
  expect(JSON.parse((await made("schedule", "hourly")).stdout)).toMatchObject({ source: "aws.events" });
  expect(await made("schedule", "nightly")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("fix   Run `lambda-run generate-event scheduler --schedule nightly`."),
  });
  expect((await made("scheduler", "Hourly")).stderr).toContain(
    "Hourly is a rule of EventBridge, and sends no event of the kind scheduler",
  );
});

describe("a folder without a template", () => {
  it("is told of, with what makes one", async () => {
    const empty = new ProjectFolder({});
    folders.push(empty);
    const note = /^note there is no template\.yaml in .*, so there are no functions; `lambda-run init` writes one$/m;
    expect(await empty.run(["list"])).toMatchObject({ exitCode: 0, stdout: "", stderr: expect.stringMatching(note) });
    const screen = new Screen(empty.spawn(["start", "--port", "0"]));
    await screen.sees(note);
    await screen.sees(/ready in/);
    screen.kill("SIGINT");
    expect(await screen.exited).toBe(0);
  });

  it.each([
    ["serverless.yml", "npx serverless package", ".serverless/cloudformation-template-update-stack.json"],
    ["cdk.json", "npx cdk synth", "cdk.out/<stack>.template.json"],
  ])("is told how its %s becomes one", async (file, command, template) => {
    const other = new ProjectFolder({ [file]: "{}" });
    folders.push(other);
    const { stderr } = await other.run(["list"]);
    expect(stderr).toContain(`for its ${file}, run \`${command}\`, then pass --template ${template}\n`);
  });
});

it("a parameter without a value is told of to whoever invokes a function that sees it", async () => {
  const files = (value: string): string => `
Transform: AWS::Serverless-2016-10-31
Parameters: { Stage: { Type: String } }
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: orders
      Runtime: nodejs22.x
      CodeUri: src/
      Handler: orders.handler
      Environment: { Variables: { FRONT: ${value} } }
`;
  const seen = await project({}, files("!Ref Stage")).run(["invoke", "orders"]);
  expect(seen.stderr).toMatch(/^note Parameter Stage has no default: "placeholder-stage" stands in for it\./m);
  const given = await project({}, files("!Ref Stage")).run(["invoke", "orders", "--parameter-overrides", "Stage=dev"]);
  expect([given.stdout, given.stderr]).toEqual(['"dev"\n', expect.not.stringContaining("stands in")]);
  expect((await project({}, files("fixed")).run(["invoke", "orders"])).stderr).not.toContain("stands in");
  const quoted = files("!Sub '<${Stage}>'").replace("Type: String", `Type: String, AllowedValues: ['say "hi"']`);
  expect((await project({}, quoted).run(["invoke", "orders"])).stderr).toContain('"say "hi"" stands in for it');
});

describe("lambda-run start", () => {
  const screens: Screen[] = [];
  const startIn = (folder: ProjectFolder, ...flags: string[]): Screen => {
    const screen = new Screen(folder.spawn(["start", ...flags]));
    screens.push(screen);
    return screen;
  };
  const start = (...flags: string[]): Screen => startIn(project({ http: 0 }), ...flags);
  afterEach(async () => {
    for (const screen of screens.splice(0)) {
      screen.kill("SIGINT");
      await screen.exited;
    }
  });
  const request = async (screen: Screen, path: string, headers: Record<string, string> = {}): Promise<number> => {
    const pattern =
      /http:\/\/[\d.:]+\/_aws\/execute-api\/\w+(?= {2}Front|","routes":\[{"method":"GET","path":"\/orders)/;
    return (await fetch(`${await screen.sees(pattern)}${path}`, { headers })).status;
  };
  const token = [{ alg: "RS256", kid: "a" }, { iss: "http://127.0.0.1:1/pool", aud: "app" }, {}]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");

  it("has the addresses that list shows and one-shot commands give to functions, while it runs", async () => {
    const folder = project({ http: 0 });
    const listed = async (): Promise<readonly FrontDoor[]> =>
      (JSON.parse((await folder.run(["list", "--json"])).stdout) as { apis: readonly FrontDoor[] }).apis;
    const screen = startIn(folder, "--json");
    const ready = JSON.parse(await screen.sees(/^\{"event":"ready".*\}$/m)) as { urls: readonly FrontDoor[] };
    expect(await listed()).toEqual(ready.urls);
    const { url = "" } = ready.urls.find(({ name }) => name === "Front") ?? {};
    expect((await folder.run(["invoke", "orders"])).stdout).toBe(`"${url}/x"\n`);
    screen.kill("SIGINT");
    await screen.exited;
    expect((await listed()).map((door) => door.url.startsWith("http://127.0.0.1:PORT/"))).toEqual([true, true, true]);
  });

  it("says in a sentence, and once, that the issuer of a token cannot be asked", async () => {
    const screen = start();
    expect(await request(screen, "/orders/7", { authorization: `Bearer ${token}` })).toBe(401);
    await screen.sees(
      /note the keys of the JWT issuer http:\/\/127\.0\.0\.1:1\/pool cannot be found without its discovery document \(.+\), so its tokens are refused; jwtKeys/,
    );
    screen.kill("SIGINT");
    await screen.exited;
    expect(screen.text).not.toMatch(/^\{/m);
  });

  it.each([
    ["in a sentence for a person", [], /^warn the template names an authorizer .* \(authorizer: Nobody\)$/m],
    ["as JSON with --json", ["--json"], /^\{"level":40.*"name":"lambda-run","authorizer":"Nobody"/m],
  ])("warns of what it cannot do for a request, %s", async (_how, flags, line) => {
    const screen = start(...flags);
    expect(await request(screen, "/lost")).toBe(500);
    await screen.sees(line);
  });
});
