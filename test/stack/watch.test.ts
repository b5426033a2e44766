/** A running stack takes saves in: through real files, real builds and real environments. */
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { loadApplication } from "../../src/config/load-application.js";
import { findFunction, Stack } from "../../src/index.js";
import { cacheFolder } from "../../src/runtime/cache-folder.js";
import type { WatchEvent } from "../../src/stack/watch/events.js";
import { Watch } from "../../src/stack/watch/watch.js";
import { ProjectFolder, smallProject } from "../cli/cli.js";
import { found } from "../until.js";

const version = (n: number | string): string => `export const handler = async () => ${JSON.stringify(n)};\n`;

class Session {
  readonly events: WatchEvent[] = [];

  readonly project: ProjectFolder;
  readonly stack: Stack;
  readonly watch: Watch;

  private constructor(project: ProjectFolder, stack: Stack, watch: Watch) {
    this.project = project;
    this.stack = stack;
    this.watch = watch;
  }

  static async start(files: Readonly<Record<string, string>>): Promise<Session> {
    const project = new ProjectFolder(files);
    mkdirSync(join(project.folder, "node_modules"));
    const load = () => loadApplication({ folder: project.folder });
    const loaded = await load();
    const config = { ...loaded.config, ephemeral: true };
    const stack = await Stack.start({ ...loaded, config, projectRoot: project.folder, kind: "stack" });
    // The watch needs the session and the session the watch.
    const listeners: ((event: WatchEvent) => void)[] = [];
    const watch = Watch.start({
      stack,
      projectRoot: project.folder,
      loaded,
      load,
      onEvent: (event) => listeners.forEach((tell) => tell(event)),
    });
    const session = new Session(project, stack, watch);
    listeners.push((event) => session.events.push(event));
    await watch.ready;
    return session;
  }

  async invoke(name = "hello", payload: unknown = {}): Promise<unknown> {
    const fn = findFunction(this.stack.application, name);
    const result = await this.stack.invoke(fn, { payload: Buffer.from(JSON.stringify(payload)) });
    return JSON.parse(result.payload.toString());
  }

  /** Resolves with the first event of a kind from `since` on. */
  async next<K extends WatchEvent["kind"]>(
    kind: K,
    since = this.events.length,
  ): Promise<Extract<WatchEvent, { kind: K }>> {
    const isOfKind = (event: WatchEvent): event is Extract<WatchEvent, { kind: K }> => event.kind === kind;
    return found(() => this.events.slice(since).find(isOfKind), `an event "${kind}"`);
  }

  async save(name: string, text: string): Promise<void> {
    const saved = this.next("built");
    this.project.write(name, text);
    await saved;
  }

  async close(): Promise<void> {
    await this.watch.close();
    await this.stack.close();
    this.project.remove();
  }
}

describe("watching a stack", () => {
  const open: Session[] = [];
  const start = async (files = smallProject(version(1))): Promise<Session> => {
    const session = await Session.start(files);
    open.push(session);
    return session;
  };
  afterEach(async () => {
    for (const session of open.splice(0)) await session.close();
  });

  it("answers with the new code after a save, in an environment that waited for it", async () => {
    const session = await start();
    expect(await session.invoke()).toBe(1);
    await session.save("src/hello.ts", version(2));
    expect(await session.invoke()).toBe(2);
  });

  it("builds only what a file belongs to, and everything that it belongs to", async () => {
    const files = smallProject("import { n } from './shared'; export const handler = async () => n;");
    const template = `${files["template.yaml"]}  Other:\n    Type: AWS::Serverless::Function\n    Properties: { FunctionName: other, Runtime: nodejs22.x, CodeUri: src/, Handler: other.handler }\n`;
    const session = await start({
      ...files,
      "template.yaml": template,
      "src/shared.ts": "export const n = 1;",
      "src/other.ts": version("x"),
    });
    await session.save("src/shared.ts", "export const n = 2;");
    await session.save("src/other.ts", version("y"));
    const built = session.events.flatMap((event) => (event.kind === "built" ? event.functionName : []));
    expect(built).toEqual(["hello", "other"]);
    expect([await session.invoke(), await session.invoke("other")]).toEqual([2, "y"]);
  });

  it("takes a layer that was changed in, one of several too", async () => {
    const files = smallProject(
      'export const handler = async () => require("/opt/nodejs/part");',
      "      Layers: [!Ref One, !Ref Two]",
    );
    const layer = (id: string): string =>
      `  ${id}:\n    Type: AWS::Serverless::LayerVersion\n    Properties: { ContentUri: ${id} }\n`;
    const session = await start({
      ...files,
      "template.yaml": `${files["template.yaml"]}${layer("One")}${layer("Two")}`,
      "One/nodejs/part.js": "module.exports = 'old';",
      "Two/nodejs/other.js": "",
    });
    expect(await session.invoke()).toBe("old");
    // As editors save: the file is another one afterwards.
    const saved = session.next("built");
    session.project.write("One/nodejs/part.js.new", "module.exports = 'new';");
    renameSync(
      join(session.project.folder, "One/nodejs/part.js.new"),
      join(session.project.folder, "One/nodejs/part.js"),
    );
    await saved;
    await session.watch.idle();
    expect(await session.invoke()).toBe("new");
  });

  it("makes modules of another kind when package.json says so", async () => {
    const kind = "export const handler = async () => typeof import.meta.url;";
    const session = await start({ ...smallProject(kind), "package.json": "{}" });
    expect(await session.invoke()).toBe("undefined");
    await session.save("package.json", '{ "type": "module" }');
    expect(await session.invoke()).toBe("string");
  });

  it("builds once for a save, and not at all for one without a change", async () => {
    const session = await start();
    const file = join(session.project.folder, "src/hello.ts");
    writeFileSync(file, version(1));
    await session.save("src/hello.ts", version(2));
    await session.save("src/hello.ts", version(3));
    expect(session.events.filter(({ kind }) => kind === "built")).toHaveLength(2);
  });

  it("keeps the last good code when a build breaks, shows the line, and recovers", async () => {
    const session = await start();
    const broken = session.next("broken");
    session.project.write("src/hello.ts", "export const handler = async () => {\n  return 1 +;\n};");
    const { error, servesOld } = await broken;
    expect(error).toMatchObject({ code: "LR3001", codeFrame: expect.stringContaining("return 1 +;") });
    expect(servesOld).toBe(true);
    expect(await session.invoke()).toBe(1);
    await session.save("src/hello.ts", version(2));
    expect(await session.invoke()).toBe(2);
  });

  it("finds a file that was missing as soon as it is there", async () => {
    const session = await start(smallProject("import { n } from './later'; export const handler = async () => n;"));
    expect(session.events).toEqual([expect.objectContaining({ kind: "broken", servesOld: false })]);
    await session.save("src/later.ts", "export const n = 'there';");
    expect(await session.invoke()).toBe("there");
  });

  it("ends on the last of fifty saves in a second", async () => {
    const session = await start();
    for (let n = 0; n < 50; n++) {
      session.project.write("src/hello.ts", version(n));
      // In real time: files, builds and the watcher know no other.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    session.project.write("src/hello.ts", version("last"));
    // The build that comes next may still be that of a save before: only the last one has to win in the end.
    for (let seen = session.events.length; (await session.invoke()) !== "last"; seen = session.events.length)
      await session.next("built", seen);
    await session.watch.idle();
    expect(await session.invoke()).toBe("last");
  });

  it("follows a file that an editor replaces by renaming", async () => {
    const session = await start();
    for (const n of [2, 3]) {
      const built = session.next("built");
      session.project.write("src/.hello.ts.swp", version(n));
      renameSync(join(session.project.folder, "src/.hello.ts.swp"), join(session.project.folder, "src/hello.ts"));
      await built;
      expect(await session.invoke()).toBe(n);
    }
  });

  it("takes neither a file that vanishes for a moment nor one that is written in two halves for news", async () => {
    const session = await start();
    const file = join(session.project.folder, "src/hello.ts");
    const built = session.next("built");
    rmSync(file);
    writeFileSync(file, "");
    appendFileSync(file, "export const handler = ");
    appendFileSync(file, "async () => 'whole';\n");
    await built;
    expect(await session.invoke()).toBe("whole");
    expect(session.events.map(({ kind }) => kind)).not.toContain("broken");
  });

  it("says that the handler is gone when it stays away, and serves what it has", async () => {
    const session = await start();
    const broken = session.next("broken");
    rmSync(join(session.project.folder, "src/hello.ts"));
    expect((await broken).error).toMatchObject({ code: expect.stringMatching(/^LR300/) });
    expect(await session.invoke()).toBe(1);
    await session.save("src/hello.ts", version("back"));
    expect(await session.invoke()).toBe("back");
  });

  it("lets requests under way finish on the old code, also one that hangs", async () => {
    const slow = (n: number): string =>
      `export const handler = async (event) => { await new Promise((done) => setTimeout(done, event.ms ?? 0)); return ${n}; };`;
    const session = await start(smallProject(slow(1)));
    await session.invoke();
    const under = session.invoke("hello", { ms: 400 });
    const hanging = session.invoke("hello", { ms: 60_000 });
    await session.save("src/hello.ts", slow(2));
    expect(await session.invoke()).toBe(2);
    expect(await under).toBe(1);
    expect(await hanging).toMatchObject({ errorType: "Sandbox.Timedout" });
  });

  it("loses no request in swaps under load (npm run bench watch: a hundred)", async () => {
    const session = await start();
    const swapping = { on: true };
    const answers: unknown[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (swapping.on) answers.push(await session.invoke());
    });
    for (let n = 2; n <= 11; n++) await session.save("src/hello.ts", version(n));
    swapping.on = false;
    await Promise.all(load);
    expect(answers.filter((answer) => typeof answer !== "number")).toEqual([]);
    expect(await session.invoke()).toBe(11);
  });

  it("applies timeout, memory, environment and new functions of the template, and names what needs a restart", async () => {
    const session = await start(
      smallProject(
        "export const handler = async (e, c) => [c.memoryLimitInMB, process.env.GREETING ?? null, c.getRemainingTimeInMillis() > 60_000];",
      ),
    );
    expect(await session.invoke()).toEqual(["128", null, false]);
    const applied = session.next("applied");
    const { "template.yaml": template = "" } = smallProject(
      "",
      "      MemorySize: 256\n      Timeout: 90\n      Environment: { Variables: { GREETING: hi } }\n      Events: { Up: { Type: S3, Properties: { Bucket: !Ref Store, Events: s3:ObjectCreated:* } } }",
    );
    session.project.write("src/new.ts", version("new"));
    session.project.write(
      "template.yaml",
      `${template}  New:\n    Type: AWS::Serverless::Function\n    Properties: { FunctionName: new, Runtime: nodejs22.x, CodeUri: src/, Handler: new.handler }\n`,
    );
    const { changes, needsRestart } = await applied;
    expect(changes).toEqual(["new is new", "hello: memoryMb, timeoutSeconds, environment"]);
    expect(needsRestart).toEqual(expect.arrayContaining(["triggers of functions"]));
    expect(await session.invoke()).toEqual(["256", "hi", true]);
    expect(await session.invoke("new")).toBe("new");
    await session.save("src/new.ts", version("newer"));
    expect(await session.invoke("new")).toBe("newer");
  });

  it("takes the routes of an API in at once, and wants a restart for the first one", async () => {
    const template = (properties: string): string => smallProject("", properties)["template.yaml"] ?? "";
    const routed = (path: string): string =>
      template(`      Events: { Get: { Type: HttpApi, Properties: { Path: ${path}, Method: GET } } }`);
    const handler = "export const handler = async ({ rawPath }) => rawPath;";
    const session = await start({ ...smallProject(handler), "template.yaml": routed("/old") });
    const applied = session.next("applied");
    session.project.write("template.yaml", routed("/new"));
    expect(await applied).toMatchObject({ changes: ["routes"], needsRestart: [] });
    const url = session.stack.doors[0]?.url;
    const ask = async (path: string): Promise<string> => (await fetch(new URL(path, url))).text();
    expect(await ask("/new")).toBe("/new");
    expect(await ask("/old")).toBe(JSON.stringify({ message: "Not Found" }));

    const bare = await start(smallProject(handler));
    const wanted = bare.next("applied");
    bare.project.write("template.yaml", routed("/first"));
    expect(await wanted).toMatchObject({ changes: [], needsRestart: ["APIs", "routes"] });
  });

  it("says of the definition of a machine that it is applied when it is taken, not when AWS would refuse it", async () => {
    const { "template.yaml": template = "", ...files } = smallProject(version(1));
    const machine = "  Flow: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: flow.asl.json } }\n";
    const flow = (next: object): string => JSON.stringify({ StartAt: "A", States: { A: { Type: "Pass", ...next } } });
    const session = await start({
      ...files,
      "template.yaml": template + machine,
      "flow.asl.json": flow({ End: true }),
    });
    const changesOf = async (text: string): Promise<readonly string[]> => {
      const applied = session.next("applied");
      session.project.write("flow.asl.json", text);
      return (await applied).changes;
    };
    expect(await changesOf(flow({ Next: "Nowhere" }))).toEqual([]);
    expect(await changesOf(flow({ End: true, Comment: "mended" }))).toEqual(["Flow: definition"]);
  });

  it("brings new code and configuration into the versions of a function, too", async () => {
    const code = (n: number): string =>
      `export const handler = async (e, c) => [${n}, process.env.GREETING ?? null, c.functionVersion];`;
    const session = await start(smallProject(code(1), "      AutoPublishAlias: live"));
    const { region } = session.stack.application.realm;
    const client = new LambdaClient({
      endpoint: session.stack.endpoint,
      region,
      credentials: session.stack.credentials,
    });
    const live = async (): Promise<unknown> => {
      const { Payload = [] } = await client.send(new InvokeCommand({ FunctionName: "hello", Qualifier: "live" }));
      return JSON.parse(Buffer.from(Payload).toString());
    };
    try {
      expect(await live()).toEqual([1, null, "1"]);
      await session.save("src/hello.ts", code(2));
      expect(await live()).toEqual([2, null, "1"]);
      const applied = session.next("applied");
      const more = "      AutoPublishAlias: live\n      Environment: { Variables: { GREETING: hi } }";
      session.project.write("template.yaml", smallProject("", more)["template.yaml"] ?? "");
      await applied;
      expect(await live()).toEqual([2, "hi", "1"]);
    } finally {
      client.destroy();
    }
  });

  it("says what stays as it is although the template says otherwise", async () => {
    const secret = (value: string): string =>
      `  Key:\n    Type: AWS::SecretsManager::Secret\n    Properties: { Name: key, SecretString: ${value} }\n`;
    const files = smallProject(version(1));
    const session = await start({ ...files, "template.yaml": `${files["template.yaml"] ?? ""}${secret("one")}` });
    const applied = session.next("applied");
    session.project.write("template.yaml", `${files["template.yaml"] ?? ""}${secret("two")}`);
    expect(await applied).toMatchObject({ changes: [], needsRestart: [], kept: ["Key: secretString"] });
  });

  it("keeps what held before while the template cannot be read", async () => {
    const session = await start();
    const unreadable = session.next("unreadable");
    session.project.write("template.yaml", "Resources:\n  Broken: [");
    expect((await unreadable).error).toMatchObject({ code: "LR2002" });
    expect(await session.invoke()).toBe(1);
    const applied = session.next("applied");
    session.project.write("template.yaml", smallProject("", "      Timeout: 9")["template.yaml"] ?? "");
    expect((await applied).changes).toEqual(["hello: timeoutSeconds"]);
  });

  it("leaves no code folder behind", async () => {
    const session = await start();
    await session.save("src/hello.ts", version(2));
    await session.invoke();
    const slots = join(cacheFolder(session.project.folder), "slots");
    expect(readdirSync(slots).length).toBeGreaterThan(0);
    await session.stack.close();
    expect(existsSync(slots) ? readdirSync(slots) : []).toEqual([]);
  });
});
