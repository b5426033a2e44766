/** Debugging: a debugger at a breakpoint in TypeScript, and the timeout that waits for it. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { WebSocket } from "ws";
import { Debugging } from "../../src/stack/debugging.js";
import { findFunction, loadApplication, Stack } from "../../src/index.js";
import { freePort } from "../free-port.js";
import { found } from "../until.js";
import { ProjectFolder, smallProject } from "./cli.js";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** A debugger as an editor is one. */
class Debugger {
  readonly #socket: WebSocket;
  readonly #heard: Message[] = [];
  #id = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => this.#heard.push(JSON.parse(data.toString("utf8")) as Message));
  }

  static async attach(port: number): Promise<Debugger> {
    return found(async () => {
      try {
        const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
          webSocketDebuggerUrl: string;
        }[];
        const socket = new WebSocket(target?.webSocketDebuggerUrl ?? "");
        const attached = new Debugger(socket);
        await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
        return attached;
      } catch {
        // The function's process is about to open the port.
        return undefined;
      }
    }, `a debugger's port ${port}`);
  }

  async send(method: string, params: object = {}): Promise<Message> {
    const id = ++this.#id;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return this.sees((message) => message.id === id);
  }

  async sees(wanted: (message: Message) => boolean): Promise<Message> {
    return found(() => this.#heard.find(wanted), wanted.toString());
  }

  close(): void {
    this.#socket.terminate();
  }
}

describe("debugging a function", () => {
  const closers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  it.each([
    ["at a breakpoint in its TypeScript source", false],
    ["from before its first line", true],
  ])("stops %s, and the timeout stands still meanwhile", async (_what, breakAtStart) => {
    const handler =
      "interface Event { n: number }\nexport const handler = async (event: Event) => {\n  debugger;\n  return event.n + 1;\n};\n";
    const project = new ProjectFolder(smallProject(handler, "      Timeout: 1"));
    closers.push(() => project.remove());
    const loaded = await loadApplication({ folder: project.folder });
    const debugging = new Debugging();
    const stack = await Stack.start({
      ...loaded,
      config: { ...loaded.config, ephemeral: true },
      projectRoot: project.folder,
      kind: "stack",
      inspect: debugging.inspect,
      paused: debugging.paused,
    });
    closers.push(
      () => stack.close(),
      () => debugging.close(),
    );
    const fn = findFunction(stack.application, "hello");
    const port = await freePort();
    debugging.open(fn, { port, breakAtStart });
    await stack.host.prepare(fn);
    const editor = await Debugger.attach(port);
    closers.push(() => editor.close());
    await editor.send("Debugger.enable");
    const result = stack.invoke(fn, { payload: Buffer.from('{"n":1}') });
    await editor.send("Runtime.runIfWaitingForDebugger");
    if (breakAtStart) {
      await editor.sees(({ method }) => method === "Debugger.paused");
      await editor.send("Debugger.resume");
    }
    const paused = await editor.sees(
      ({ method, params }) =>
        method === "Debugger.paused" && JSON.stringify(params).includes('"functionName":"handler"'),
    );
    const [frame] = (paused.params?.["callFrames"] ?? []) as {
      readonly functionName: string;
      readonly location: { readonly scriptId: string };
    }[];
    expect(frame?.functionName).toBe("handler");
    // The bundle tells the editor where the source is.
    const script = await editor.sees(
      ({ method, params }) => method === "Debugger.scriptParsed" && params?.["scriptId"] === frame?.location.scriptId,
    );
    expect(script.params?.["sourceMapURL"]).toMatch(/hello\.js\.map$/);
    // Longer than the timeout, in real time: what is tested guards a real process.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    await editor.send("Debugger.resume");
    expect((await result).payload.toString()).toBe("2");
  });

  it("has the debugger's port in whatever version runs", async () => {
    const handler =
      'import { url } from "node:inspector";\nexport const handler = async (_: unknown, { functionVersion }: { functionVersion: string }) => [functionVersion, new URL(url() ?? "none:").port];\n';
    const project = new ProjectFolder(smallProject(handler, "      AutoPublishAlias: live"));
    closers.push(() => project.remove());
    const loaded = await loadApplication({ folder: project.folder });
    const debugging = new Debugging();
    const { inspect, paused } = debugging;
    const config = { ...loaded.config, ephemeral: true };
    const stack = await Stack.start({ ...loaded, config, projectRoot: project.folder, kind: "stack", inspect, paused });
    const { endpoint, credentials } = stack;
    const client = new LambdaClient({ endpoint, credentials, region: stack.application.realm.region });
    closers.push(
      () => stack.close(),
      () => debugging.close(),
      () => client.destroy(),
    );
    const port = await freePort();
    const fn = findFunction(stack.application, "hello");
    debugging.open(fn, { port, breakAtStart: false });
    await stack.host.prepare(fn);
    const call = async (Qualifier: string): Promise<unknown> => {
      const { Payload = [] } = await client.send(new InvokeCommand({ FunctionName: "hello", Qualifier }));
      return JSON.parse(Buffer.from(Payload).toString());
    };
    for (const [qualifier, version] of [
      ["live", "1"],
      ["$LATEST", "$LATEST"],
      ["live", "1"],
    ] as const)
      expect(await call(qualifier)).toEqual([version, String(port)]);
  });
});
