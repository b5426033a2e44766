/** `events`, `show`, `replay`, `why` and `export-event` as processes. */
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProjectFolder, smallProject } from "./cli.js";

const HANDLER = `
export const handler = async (event) => {
  if (event.fail) throw new RangeError("too far");
  return { got: event, version: 1 };
};`;
const FILTERS = `
      Events:
        Uploaded:
          Type: S3
          Properties:
            Bucket: !Ref Store
            Events: s3:ObjectCreated:*
            Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }, { Name: suffix, Value: .pdf }] } }
`;

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

describe("the history", () => {
  const open: ProjectFolder[] = [];
  const project = (files = smallProject(HANDLER)): ProjectFolder => {
    const folder = new ProjectFolder(files);
    open.push(folder);
    return folder;
  };
  const records = async (folder: ProjectFolder, ...args: string[]): Promise<Record<string, unknown>[]> =>
    lines((await folder.run(["events", "--json", ...args])).stdout).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
  /** What a running stack would have written. */
  const write = (folder: ProjectFolder, ...list: object[]): void => {
    mkdirSync(join(folder.folder, ".lambda-run/history"), { recursive: true });
    appendFileSync(
      join(folder.folder, ".lambda-run/history/000001.jsonl"),
      list.map((one) => `${JSON.stringify(one)}\n`).join(""),
    );
  };
  const object = (key: string, id: string): object => ({
    kind: "object",
    id,
    timeMs: 1,
    name: "s3:ObjectCreated:Put",
    bucket: "my-store",
    key,
    sequencer: "00AB",
  });
  afterAll(() => open.forEach((folder) => folder.remove()));

  it("lists what ran, newest last, and shows one whole by the beginning of its id", async () => {
    const folder = project();
    await folder.run(["invoke", "hello", "--data", '{"n":1}']);
    await folder.run(["invoke", "hello", "--data", '{"fail":true}']);
    const [first, second] = await records(folder);
    expect(first).toMatchObject({ functionName: "hello", status: "success", source: "direct", event: '{"n":1}' });
    expect(second).toMatchObject({ status: "error", errorType: "RangeError", errorMessage: "too far" });
    const id = String(first?.["id"]);
    const shown = await folder.run(["show", id.slice(0, 8)]);
    expect(shown.stdout).toContain(id);
    expect(shown.stdout).toMatch(/"n": 1[\s\S]*START RequestId[\s\S]*"version": 1/);
    expect(await records(folder, "--failed")).toHaveLength(1);
    expect((await folder.run(["events", "-n", "1"])).stdout).toMatch(/RangeError/);
  });

  it("replays the last event, and the last that failed, on the code as it is now", async () => {
    const folder = project();
    await folder.run(["invoke", "hello", "--data", '{"fail":true}']);
    await folder.run(["invoke", "hello", "--data", '{"n":2}']);
    folder.write("src/hello.ts", "export const handler = async (event) => ({ version: 2, event });");
    const [last, broken] = [await folder.run(["replay", "--last"]), await folder.run(["replay", "--failed"])];
    expect(JSON.parse(last.stdout)).toEqual({ version: 2, event: { n: 2 } });
    expect(JSON.parse(broken.stdout)).toEqual({ version: 2, event: { fail: true } });
    expect(broken.exitCode).toBe(0);
  });

  it("replays a file that no template declares", async () => {
    const folder = project({ "lone.ts": "export const run = async (event) => ['lone', event];" });
    await folder.run(["invoke", "lone.ts:run", "--data", "7", "--port", "0"]);
    expect((await folder.run(["replay", "--port", "0"])).stdout).toBe('["lone",7]\n');
  });

  it("shows with which status a request over HTTP was answered", async () => {
    const folder = project(
      smallProject("export const handler = async (event) => ({ statusCode: event.status, body: '' });"),
    );
    const request = { requestContext: { http: { method: "GET" } }, rawPath: "/orders" };
    for (const status of [200, 503])
      await folder.run(["invoke", "hello", "--data", JSON.stringify({ ...request, status })]);
    const [first = "", second = ""] = lines((await folder.run(["events"])).stdout);
    expect(first).toMatch(/ {2}hello {2}ok 200 {2}.* {2}http GET \/orders$/);
    expect(second).toMatch(/ {2}hello {2}ok 503 {2}/);
  });

  it("says so when there is no such event, or more than one", async () => {
    const folder = project();
    expect(await folder.run(["replay"])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("LR6002") });
    write(folder, object("a", "aa11"), object("b", "aa22"));
    expect((await folder.run(["show", "aa"])).stderr).toContain('"aa" is the beginning of 2 ids');
    expect((await folder.run(["show", "ff"])).stderr).toContain('There is no event "ff"');
    expect((await folder.run(["replay", "aa11"])).stderr).toContain("lambda-run why aa11");
  });

  it("explains why a trigger did not fire: prefix, suffix and letter case", async () => {
    const folder = project(smallProject(HANDLER, FILTERS));
    write(folder, object("out/a.pdf", "b1"), object("in/a.PDF", "b2"), object("in/a.pdf", "b3"));
    const why = async (id: string): Promise<string> => (await folder.run(["why", id])).stdout;
    expect(await why("b1")).toMatch(/no .*HelloFunction\n.*the key does not begin with "in\/"/);
    expect(await why("b2")).toMatch(/no .*HelloFunction\n.*does not end with "\.pdf" \(letter case counts\)/);
    expect(await why("b3")).toMatch(/yes .*HelloFunction\n.*prefix "in\/", suffix "\.pdf"/);
  });

  it("links an object to the invocation that it started", async () => {
    const folder = project(smallProject(HANDLER, FILTERS));
    const event = {
      Records: [
        {
          eventSource: "aws:s3",
          eventName: "ObjectCreated:Put",
          s3: { bucket: { name: "my-store" }, object: { key: "in/a+b.pdf", sequencer: "00AB" } },
        },
      ],
    };
    await folder.run(["invoke", "hello", "--data", JSON.stringify(event)]);
    write(folder, object("in/a b.pdf", "c1"));
    const [ran] = await records(folder);
    expect(ran).toMatchObject({ source: "s3", subject: "my-store/in/a b.pdf" });
    expect((await folder.run(["why", "c1"])).stdout).toContain(`ran: ${String(ran?.["id"]).slice(0, 8)}`);
    expect((await folder.run(["why", String(ran?.["id"])])).stdout).toMatch(/yes +notification to function hello/);
  });

  it("explains which route a request took, and which it did not", async () => {
    const doors = [
      "      FunctionUrlConfig: { AuthType: NONE }",
      "      Events:",
      "        Read: { Type: HttpApi, Properties: { Path: '/orders/{id}', Method: GET } }",
      "        Make: { Type: HttpApi, Properties: { Path: /orders, Method: POST } }",
      "        Old: { Type: Api, Properties: { Path: '/old/{all+}', Method: ANY } }",
    ].join("\n");
    const folder = project(smallProject(HANDLER, doors));
    const { apis } = JSON.parse((await folder.run(["list", "--json"])).stdout) as { apis: { url: string }[] };
    const [http = "", rest = "", url = ""] = apis.map(
      (api) => /(?:execute-api|lambda-url)\/(\w+)/.exec(api.url)?.[1] ?? "",
    );
    const why = async (event: object): Promise<string> => {
      await folder.run(["invoke", "hello", "--data", JSON.stringify(event)]);
      return (await folder.run(["why"])).stdout;
    };
    const modern = {
      routeKey: "GET /orders/{id}",
      rawPath: "/orders/7",
      requestContext: { apiId: http, http: { method: "GET" } },
    };
    const read = await why(modern);
    expect(read).toMatch(/yes +Read: GET \/orders\/\{id\} of ServerlessHttpApi\n/);
    expect(read).toMatch(/no +Make: POST \/orders of ServerlessHttpApi\n.*the request took GET \/orders\/\{id\}\n/);
    expect(read).toMatch(/no +Old: .*\n.*the request came to ServerlessHttpApi\n/);
    expect(read).toMatch(/no +HelloFunction: its function URL\n.*the request came to an API\n/);
    const classic = { resource: "/old/{all+}", path: "/old/x", httpMethod: "PUT", requestContext: { apiId: rest } };
    expect(await why(classic)).toMatch(/no +Read:[\s\S]*yes +Old: ANY \/old\/\{all\+\}/);
    expect(
      await why({ ...modern, routeKey: "$default", requestContext: { apiId: url, http: { method: "GET" } } }),
    ).toMatch(/yes +HelloFunction: its function URL/);
    const byHand = await why({ ...modern, requestContext: { apiId: "elsewhere", http: { method: "GET" } } });
    expect(byHand).toMatch(/no +Read:.*\n.*the request came to elsewhere\n[\s\S]*yes +invoke\n/);
  });

  it("explains which member of a message a filter did not want", async () => {
    const folder = project();
    write(folder, {
      kind: "filtered",
      id: "d1",
      timeMs: 1,
      queueArn: "arn:aws:sqs:us-east-1:000000000000:orders",
      functionName: "hello",
      patterns: ['{"body":{"kind":["order"]}}'],
      body: '{"kind":"refund"}',
    });
    expect((await folder.run(["why", "d1"])).stdout).toContain('body.kind is "refund", the filter wants ["order"]');
  });

  it("exports a fixture without its secrets, and runs it by name", async () => {
    const folder = project();
    const event = {
      headers: { Authorization: "Bearer abcdefghijkl", accept: "x" },
      body: JSON.stringify({ password: "hunter22", n: 1 }),
      url: "http://x/?X-Amz-Signature=00ff00&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F1",
    };
    await folder.run(["invoke", "hello", "--data", JSON.stringify(event)]);
    const file = (await folder.run(["export-event", "--last"])).stdout.trim();
    const text = readFileSync(join(folder.folder, file), "utf8");
    expect(text).not.toMatch(/abcdefghijkl|hunter22|00ff00|AKIA/);
    expect(JSON.parse(text)).toMatchObject({
      headers: { Authorization: "REDACTED", accept: "x" },
      body: '{"password":"REDACTED","n":1}',
    });
    expect((await folder.run(["export-event", "--last"])).exitCode).toBe(2);
    expect((await folder.run(["invoke", "hello", "--event", file.split("/").at(-1) ?? ""])).exitCode).toBe(0);
  });

  it("calls a function that has no FunctionName by its logical id, and finds it by that", async () => {
    const files = smallProject(HANDLER);
    const folder = project({
      ...files,
      "template.yaml": (files["template.yaml"] ?? "").replace("      FunctionName: hello\n", ""),
    });
    await folder.run(["invoke", "HelloFunction", "--data", '{"fail":true}']);
    const [record] = await records(folder);
    expect(record?.["functionName"]).toMatch(/^local-HelloFunction-\w{12}$/);
    const exported = await folder.run(["export-event"]);
    expect(exported.stdout).toMatch(/^fixtures\/events\/direct\/HelloFunction-\w{8}\.json\n$/);
    const shown = [
      await folder.run(["events"]),
      await folder.run(["show"]),
      await folder.run(["why"]),
      await folder.run(["replay"]),
      exported,
    ];
    for (const { stdout, stderr } of shown) {
      expect(stdout + stderr).toContain("HelloFunction");
      // The log of the invocation is the function's own; it names what the code was given.
      expect(stdout + stderr).not.toContain("local-HelloFunction");
    }
  });

  it("survives a line that a kill cut off, and goes on writing after it", async () => {
    const folder = project();
    write(folder, object("a", "e1"));
    appendFileSync(join(folder.folder, ".lambda-run/history/000001.jsonl"), '{"kind":"inv');
    writeFileSync(join(folder.folder, ".lambda-run/history/000002.jsonl"), "");
    await folder.run(["invoke", "hello"]);
    expect(await records(folder)).toHaveLength(2);
  });

  it("runs on when the history cannot be written, and says so once", async () => {
    const folder = project();
    mkdirSync(join(folder.folder, ".lambda-run"));
    writeFileSync(join(folder.folder, ".lambda-run/history"), "a file in its place");
    const { exitCode, stderr } = await folder.run(["invoke", "hello"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("the history cannot be written");
    chmodSync(join(folder.folder, ".lambda-run/history"), 0o600);
    expect(existsSync(join(folder.folder, ".lambda-run/owner.json"))).toBe(false);
  });
});
