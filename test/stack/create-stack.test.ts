/** The programmatic API as a user's test file uses it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createStack, type CreateStackOptions, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, CodeUri: src/, Timeout: 10 }
Resources:
  Hello: { Type: AWS::Serverless::Function, Properties: { FunctionName: hello, Handler: hello.handler } }
  Writer:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: writer, Handler: writer.handler, Environment: { Variables: { BUCKET: !Ref Store } } }
  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: my-store } }
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: rows
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Follower:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: follower
      Handler: follower.handler
      Environment: { Variables: { STREAM: !GetAtt Rows.StreamArn } }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "src/hello.ts": `
    let calls = 0;
    export const handler = async (event, context) => {
      calls += 1;
      if (event.fail) throw new TypeError("no");
      console.log("call", calls);
      return { calls, event, id: context.awsRequestId, custom: context.clientContext?.Custom };
    };`,
  "src/writer.ts": `
    import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
    const s3 = new S3Client({ forcePathStyle: true });
    export const handler = async ({ key }) => {
      await s3.send(new PutObjectCommand({ Bucket: process.env.BUCKET, Key: key, Body: "written" }));
      return key;
    };`,
  "src/follower.ts": "export const handler = async () => process.env.STREAM;",
  "plain.ts": "export const handler = async () => 'plain';",
};

describe("createStack", () => {
  let project: ProjectFolder;
  const open: TestStack[] = [];
  const start = async (options: CreateStackOptions = {}): Promise<TestStack> => {
    const stack = await createStack({ folder: project.folder, ...options });
    open.push(stack);
    return stack;
  };
  beforeAll(() => (project = new ProjectFolder(FILES)));
  afterEach(async () => {
    for (const stack of open.splice(0)) await stack.close();
  });
  afterAll(() => project.remove());

  it("forgets at a reset the asynchronous events that wait for another attempt", async () => {
    const stack = await start({ clock: "virtual" });
    const lambda = new LambdaClient(stack.clientConfig);
    const Payload = Buffer.from(JSON.stringify({ fail: true }));
    await lambda.send(new InvokeCommand({ FunctionName: "hello", InvocationType: "Event", Payload }));
    await stack.waitFor(() => stack.invocations("hello").length === 1, PATIENT);
    await stack.reset();
    await stack.clock.advance("10m");
    expect(stack.invocations("hello")).toEqual([]);
    lambda.destroy();
  });

  it("gives a table's stream the ARN that the template has handed to functions", async () => {
    const stack = await start();
    const dynamodb = new DynamoDBClient(stack.clientConfig);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: "rows" }));
    dynamodb.destroy();
    expect(Table?.LatestStreamArn).toMatch(/:table\/rows\/stream\//);
    expect((await stack.invoke("follower")).payload).toBe(Table?.LatestStreamArn);
  });

  it("has room in the state for twenty second stores, and refuses more of them", async () => {
    const withStores = (count: number): CreateStackOptions => ({
      config: {
        secondStores: Object.fromEntries(
          Array.from({ length: count }, (_, i) => [`store-${i}`, { port: 20_000 + i, buckets: ["one"] }]),
        ),
      },
    });
    const stack = await start(withStores(20));
    await stack.s3.put("my-store", "key", "first");
    await stack.dynamodb.put("rows", { id: "1" });
    await stack.sqs.send("orders", "message");
    for (let i = 0; i < 20; i++) await stack.store(`store-${i}`).put("one", "key", `of ${i}`);
    expect(String(await stack.store("store-19").get("one", "key"))).toBe("of 19");
    await expect(start(withStores(21))).rejects.toMatchObject({ code: "LR2005", why: "at most 20 stores" });
  });

  it("gives second stores ports of their own, and functions the address that theirs has become", async () => {
    const variables = '{ STORE: "http://localhost:9000", SAME: "127.0.0.1:9000/one", OTHER: "http://localhost:90001" }';
    project.write(
      "stores.yaml",
      TEMPLATE.replace("Handler: hello.handler", `Handler: stores.handler, Environment: { Variables: ${variables} }`),
    );
    project.write(
      "src/stores.ts",
      "export const handler = async () => [process.env.STORE, process.env.SAME, process.env.OTHER];",
    );
    const options = {
      template: "stores.yaml",
      config: { secondStores: { minio: { port: 9000, buckets: ["one"] }, next: { port: 9001, buckets: ["one"] } } },
    };
    const worlds = [await start(options), await start(options)];
    for (const [i, world] of worlds.entries()) await world.store("minio").put("one", "key", `of world ${i}`);
    for (const [i, world] of worlds.entries()) {
      const [minio] = world.stack.secondStores;
      const port = minio?.gateway.port;
      expect((await world.invoke("hello")).payload).toEqual([
        `http://localhost:${port}`,
        `127.0.0.1:${port}/one`,
        "http://localhost:90001",
      ]);
      expect(String(await world.store("minio").get("one", "key"))).toBe(`of world ${i}`);
    }
  });

  it("asks an API as fetch does, by its name where there are several doors", async () => {
    const api = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      { FunctionName: echo, Runtime: nodejs22.x, CodeUri: src/, Handler: echo.handler, FunctionUrlConfig: { AuthType: NONE },
        Events: { Any: { Type: HttpApi, Properties: { Path: "/{proxy+}", Method: ANY } },
                  Old: { Type: Api, Properties: { Path: "/{proxy+}", Method: ANY } } } }
`;
    project.write("api.yaml", api);
    project.write(
      "src/echo.ts",
      "export const handler = async (event) => ({ statusCode: 207, body: event.rawPath ?? event.path });",
    );
    const stack = await start({ template: "api.yaml" });
    const answers = await Promise.all(
      ["ServerlessHttpApi", "ServerlessRestApi", "Echo"].map((name) => stack.http("/a/b?c=d", { api: name })),
    );
    expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()]))).toEqual([
      [207, "/a/b"],
      [207, "/a/b"],
      [207, "/a/b"],
    ]);
    const { status } = await stack.http("x", { api: "Echo", method: "POST", body: "y" });
    expect(status).toBe(207);
    await expect(stack.http("/")).rejects.toMatchObject({
      code: "LR1004",
      message: expect.stringMatching(/3 APIs and function URLs/),
    });
    await expect(stack.http("/", { api: "Eco" })).rejects.toThrow(
      /There is no API or function URL "Eco". Did you mean "Echo"\?/,
    );
    await expect((await start()).http("/")).rejects.toThrow("The template has no API and no function URL");
  });

  it("answers with the parsed payload, the report and the log", async () => {
    const stack = await start();
    const { payload, error, report, logs, requestId } = await stack.invoke("Hello", { a: 1 });
    expect(payload).toMatchObject({ calls: 1, event: { a: 1 }, id: requestId });
    expect(error).toBeUndefined();
    expect(report).toMatchObject({ requestId, status: "success", memorySizeMb: 128 });
    expect(logs.join("\n")).toMatch(/^INIT_START.*^START RequestId.*call 1.*^REPORT RequestId/ms);
  });

  it("resolves with the error of a function that failed", async () => {
    const stack = await start();
    const { payload, error, report } = await stack.invoke("hello", { fail: true });
    expect(payload).toBeUndefined();
    expect(error).toMatchObject({ errorType: "TypeError", errorMessage: "no" });
    expect(report.status).toBe("error");
  });

  it("says in the message of an error what, where, why and the one thing to do", async () => {
    await expect((await start()).invoke("helo")).rejects.toThrow(
      /^LR1001 There is no function "helo".*\nwhere .*template\.yaml\n.*fix {3}\S/s,
    );
    await expect(start({ config: { stackName: "1st" } })).rejects.toThrow(
      /^LR2005 .*"1st"\nwhere .*stack-name.*\nwhy {3}expected letters, digits and hyphens.*\nfix {3}Mend the option named/s,
    );
  });

  it("rejects when there is no such function, with the names that there are", async () => {
    const stack = await start();
    await expect(stack.invoke("helo")).rejects.toMatchObject({ code: "LR1001", fix: expect.stringContaining("Hello") });
  });

  it("passes the client context and a request id of the test's choosing", async () => {
    const stack = await start();
    const requestId = "11111111-2222-4333-8444-555555555555";
    const { payload } = await stack.invoke("hello", {}, { clientContext: { Custom: { a: 1 } }, requestId });
    expect(payload).toMatchObject({ id: requestId, custom: { a: 1 } });
  });

  it("runs any handler file by its path", async () => {
    const stack = await start();
    expect((await stack.invoke("./plain.ts")).payload).toBe("plain");
  });

  it("keeps environments between invocations and starts cold after reset", async () => {
    const stack = await start();
    const calls = async (): Promise<number> => (await stack.invoke<{ calls: number }>("hello")).payload.calls;
    expect([await calls(), await calls()]).toEqual([1, 2]);
    await stack.reset();
    expect(await calls()).toBe(1);
    expect(stack.invocations()).toHaveLength(1);
  });

  it("reads and writes objects, messages and items by name or logical id", async () => {
    const stack = await start();
    await stack.s3.put("Store", "a/1.txt", "one");
    await stack.invoke("writer", { key: "a/2.txt" });
    expect(await stack.s3.list("my-store", "a/")).toEqual(["a/1.txt", "a/2.txt"]);
    expect((await stack.s3.get("Store", "a/2.txt"))?.toString()).toBe("written");
    expect(await stack.s3.get("Store", "none")).toBeUndefined();

    await stack.sqs.send("Orders", { order: 7 });
    expect(await stack.sqs.depth("orders")).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    expect((await stack.sqs.receive("orders")).map(({ body }) => JSON.parse(body))).toEqual([{ order: 7 }]);
    expect(await stack.sqs.depth("orders")).toMatchObject({ visible: 0 });

    await stack.dynamodb.put("Rows", { id: "1", n: 2 });
    expect(await stack.dynamodb.get("rows", { id: "1" })).toEqual({ id: "1", n: 2 });
    expect(await stack.dynamodb.scan("Rows")).toHaveLength(1);
    await stack.dynamodb.delete("Rows", { id: "1" });
    expect(await stack.dynamodb.get("rows", { id: "1" })).toBeUndefined();
  });

  it("forgets data at reset and has the declared resources again", async () => {
    const stack = await start();
    await stack.s3.put("Store", "a", "x");
    await stack.dynamodb.put("Rows", { id: "1" });
    await stack.reset();
    expect(await stack.s3.list("Store")).toEqual([]);
    expect(await stack.dynamodb.scan("Rows")).toEqual([]);
  });

  it("hands out what an SDK client needs", async () => {
    const stack = await start();
    const client = new S3Client(stack.clientConfig);
    await client.send(new PutObjectCommand({ Bucket: "my-store", Key: "k", Body: "v" }));
    client.destroy();
    expect(await stack.s3.list("Store")).toEqual(["k"]);
  });

  it("keeps stacks apart that run side by side", async () => {
    const [one, two] = await Promise.all([start(), start()]);
    await one.s3.put("Store", "mine", "x");
    expect(one.endpoint).not.toBe(two.endpoint);
    expect(await two.s3.list("Store")).toEqual([]);
  });

  it("waits for what a function does later, without sleeping", async () => {
    const stack = await start();
    const found = stack.waitFor(async () => (await stack.s3.list("Store"))[0], PATIENT);
    void stack.invoke("writer", { key: "late" });
    expect(await found).toBe("late");
  });

  it("says what did not come true when time is up, and why", async () => {
    const stack = await start();
    const never = stack.waitFor(() => Promise.reject(new Error("queue is empty")), {
      timeoutMs: 30,
      what: "the order",
    });
    await expect(never).rejects.toMatchObject({
      code: "LR6001",
      message: expect.stringContaining("the order"),
      why: expect.stringContaining("queue is empty"),
    });
  });

  it("moves virtual time: a delayed message appears when the test says so", async () => {
    const stack = await start({ clock: "virtual" });
    await stack.sqs.send("Orders", "later", { delaySeconds: 300 });
    expect(await stack.sqs.depth("Orders")).toMatchObject({ visible: 0, delayed: 1 });
    await stack.clock.advance("5m");
    expect(await stack.sqs.depth("Orders")).toMatchObject({ visible: 1, delayed: 0 });
  });

  it("retries a failed asynchronous invocation twice, as soon as the test says so", async () => {
    const stack = await start({ clock: "virtual" });
    const client = new LambdaClient(stack.clientConfig);
    await client.send(new InvokeCommand({ FunctionName: "hello", InvocationType: "Event", Payload: '{"fail":true}' }));
    client.destroy();
    await stack.waitFor(() => stack.invocations("hello").length === 1, PATIENT);
    await stack.clock.advance("1m");
    expect(stack.invocations("hello")).toHaveLength(2);
    await stack.clock.advance("2m");
    expect(stack.invocations("hello")).toHaveLength(3);
    await stack.clock.advance("6h");
    expect(stack.invocations("hello")).toHaveLength(3);
  });

  it("starts virtual time where it is told, and refuses to advance real time", async () => {
    const stack = await start({ clock: new Date("2026-03-01T00:00:00Z") });
    await stack.clock.advance("1h 30m");
    expect(new Date(stack.clock.now()).toISOString()).toBe("2026-03-01T01:30:00.000Z");
    await expect((await start()).clock.advance(1)).rejects.toMatchObject({ code: "LR1004" });
    await expect(stack.clock.advance("soon")).rejects.toMatchObject({ code: "LR1005" });
  });

  it("takes inline configuration and refuses unknown options", async () => {
    const stack = await start({ config: { environment: { EXTRA: "1" }, functions: { Hello: { timeoutSeconds: 7 } } } });
    expect(stack.stack.application.functions[0]).toMatchObject({ timeoutSeconds: 7, environment: { EXTRA: "1" } });
    await expect(createStack({ folder: project.folder, config: { nope: 1 } as never })).rejects.toMatchObject({
      code: "LR2005",
    });
  });

  it("leaves no handle, child, port or folder behind, fifty times over", async () => {
    const handles = (): number => readdirSync("/proc/self/fd").length;
    const children = (): string => readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim();
    const once = async (): Promise<string> => {
      const stack = await createStack({ folder: project.folder });
      await stack.invoke("hello");
      await stack.close();
      return stack.stack.stateFolder;
    };
    await once();
    // esbuild's service stays for the next build: one for the process.
    const before = { children: children(), handles: handles(), resources: process.getActiveResourcesInfo().length };
    const folders: string[] = [];
    for (let round = 0; round < 50; round++) folders.push(await once());
    expect(children()).toBe(before.children);
    expect(handles() - before.handles).toBeLessThanOrEqual(2);
    expect(process.getActiveResourcesInfo().length - before.resources).toBeLessThanOrEqual(2);
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  }, 60_000);
});
