/** The developer's loop: what passes between a save and the new answer, swaps under load, and a world for a test. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { installed, PACKAGES, PORTS, startPeer } from "../kit/peer.mjs";
import { PRODUCT, ROOT } from "../kit/product.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

const TINY = (n) => `export const handler = async () => ${n};\n`;
const SDK = (n) => `
import { S3Client, ListBucketsCommand } from "@aws-sdk/client-s3";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
const [s3, dynamodb] = [new S3Client({}), new DynamoDBClient({})];
export const handler = async (event) => {
  if (event.call) await Promise.all([s3.send(new ListBucketsCommand({})), dynamodb.send(new ListTablesCommand({}))]);
  return ${n};
};
`;
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: fn, Runtime: nodejs20.x, CodeUri: src/, Handler: fn.handler, Timeout: 20, MemorySize: 256 }
`;
/** Between two saves of a person there is time for a new standby. */
const PAUSE_MS = 250;
const GIVE_UP_MS = 10_000;
const EVENT = Buffer.from("{}");

export default {
  name: "loop",
  order: 60,
  table: "loop",
  measures: "save to new answer, beside serverless-offline too; requests lost in swaps under load; createStack",
  async run(bench) {
    const { createStack, findFunction, loadApplication, Stack, Watch } = createRequire(import.meta.url)(PRODUCT);

    for (const [what, source, bound] of [
      ["tiny handler", TINY, 15],
      ["S3 + DynamoDB handler", SDK, 25],
    ]) {
      const session = await watched(bench.folder("watch"), source(0));
      const times = [];
      const rounds = bench.rounds(40, 8);
      for (let n = 1; n <= rounds; n++) {
        await sleep(PAUSE_MS);
        const startedAt = performance.now();
        const built = session.built();
        session.save(source(n));
        await built;
        const answer = await session.invoke();
        times.push(performance.now() - startedAt);
        if (answer !== n) throw new Error(`save ${n} was answered by the code of another one`);
      }
      await session.close();
      bench.row(`save to new answer, ${String(what)}`, atMost(bound, " ms"), times);
    }

    await besidePeer(bench, watched);

    const swaps = bench.rounds(100, 10);
    const session = await watched(bench.folder("swaps"), TINY(0));
    const swapping = { on: true };
    let lost = 0;
    let answered = 0;
    const load = Array.from({ length: 8 }, async () => {
      while (swapping.on) {
        if (typeof (await session.invoke().catch(() => undefined)) === "number") answered += 1;
        else lost += 1;
      }
    });
    for (let n = 1; n <= swaps; n++) {
      const built = session.built();
      session.save(TINY(n));
      await built;
    }
    swapping.on = false;
    await Promise.all(load);
    await session.close();
    bench.row(`requests lost in ${swaps} swaps, c=8`, atMost(0), lost, { note: `${answered} answered` });

    const folder = project(bench.folder("create-stack"), TINY(0));
    const times = [];
    for (let round = 0; round < bench.rounds(20, 5); round++) {
      const startedAt = performance.now();
      const stack = await createStack({ folder });
      await stack.invoke("fn");
      await stack.close();
      times.push(performance.now() - startedAt);
    }
    bench.row("createStack() + first invoke + close", atMost(250, " ms"), times.slice(1));

    async function watched(root, source) {
      project(root, source);
      const load = () => loadApplication({ folder: root });
      const loaded = await load();
      const config = { ...loaded.config, ephemeral: true, ports: { gateway: 0, http: 0 } };
      const stack = await Stack.start({ ...loaded, config, projectRoot: root, kind: "stack" });
      const waiting = [];
      const watch = Watch.start({
        stack,
        projectRoot: root,
        loaded,
        load,
        onEvent: (event) => event.kind === "built" && waiting.splice(0).forEach((wake) => wake()),
      });
      await watch.ready;
      const fn = findFunction(stack.application, "fn");
      const invoke = async () => JSON.parse((await stack.invoke(fn, { payload: EVENT })).payload.toString());
      await invoke();
      return {
        invoke,
        endpoint: stack.endpoint,
        save: (text) => writeFileSync(join(root, "src/fn.ts"), text),
        built: () => new Promise((resolve) => waiting.push(resolve)),
        async close() {
          await watch.close();
          await stack.close();
        },
      };
    }
  },
};

/** Both sides by the same call of the SDK, again and again from the save on, until the new code answers. */
async function besidePeer(bench, watched) {
  const what = "save to new answer, tiny handler, asked over HTTP / serverless-offline --reloadHandler";
  if (!installed()) {
    bench.skip(what, `${PACKAGES.join(" and ")} cannot be installed here`);
    return;
  }
  const JS = (n) => `exports.handler = async () => ${n};\n`;
  const peerFolder = bench.folder("reload");
  const peer = await startPeer(peerFolder, JS(0), ["--reloadHandler"]);
  const session = await watched(bench.folder("reload"), TINY(0));
  const client = (endpoint) =>
    new LambdaClient({ endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } });
  const sides = {
    ours: { lambda: client(session.endpoint), name: "fn", save: (n) => session.save(TINY(n)) },
    theirs: {
      lambda: client(`http://127.0.0.1:${PORTS.lambda}`),
      name: "bench-dev-echo",
      save: (n) => writeFileSync(join(peerFolder, "echo.js"), JS(n)),
    },
  };
  const answerOf = async ({ lambda, name }) => {
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: EVENT }));
    return JSON.parse(Payload.transformToString());
  };
  const measure = async (side, n) => {
    await sleep(PAUSE_MS);
    await answerOf(side);
    const startedAt = performance.now();
    side.save(n);
    while ((await answerOf(side)) !== n) {
      if (performance.now() - startedAt > GIVE_UP_MS) throw new Error(`save ${n} was never answered`);
    }
    return performance.now() - startedAt;
  };
  try {
    const times = { ours: [], theirs: [] };
    for (let n = 1; n <= bench.rounds(20, 5); n++)
      for (const [name, side] of Object.entries(sides)) times[name].push(await measure(side, n));
    bench.row(what, noBound("x"), ratios(times.ours, times.theirs));
    bench.row("the same, serverless-offline alone", noBound(" ms"), times.theirs);
  } finally {
    peer.kill("SIGTERM");
    for (const { lambda } of Object.values(sides)) lambda.destroy();
    await session.close();
  }
}

/** Beside the project's own node_modules, where the SDK is. */
function project(root, source) {
  chmodSync(root, 0o755);
  mkdirSync(join(root, "src"));
  writeFileSync(join(root, "template.yaml"), TEMPLATE);
  writeFileSync(join(root, "src/fn.ts"), source);
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  return root;
}
