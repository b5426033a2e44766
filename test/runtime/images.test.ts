/** What the runtime does with images, whoever runs them: here a room of this machine stands in for an engine's. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import type { ImageRunner } from "../../src/runtime/images.js";
import { nodeFor } from "../../src/runtime/node-versions.js";
import { probeSandbox } from "../../src/runtime/sandbox/probe.js";
import { AppError } from "../../src/shared/errors.js";
import { bodyOf, FunctionHost } from "./function-host.js";

const CLIENT = `
const api = "http://" + process.env.AWS_LAMBDA_RUNTIME_API + "/2018-06-01/runtime/";
console.log("INIT");
(async () => {
  if (process.env.FAIL === "INIT" && !require("node:fs").existsSync("/tmp/tried")) {
    require("node:fs").writeFileSync("/tmp/tried", "");
    process.exit(3);
  }
  for (;;) {
    const next = await fetch(api + "invocation/next");
    const id = next.headers.get("lambda-runtime-aws-request-id");
    await next.text();
    await fetch(api + "invocation/" + id + "/response", { method: "POST", body: JSON.stringify(Object.keys(process.env)) });
  }
})();
`;
const folder = mkdtempSync(join(tmpdir(), "lambda-run-image-"));
const client = join(folder, "client.js");
let hosts: FunctionHost[] = [];

beforeAll(() => {
  chmodSync(folder, 0o755);
  writeFileSync(client, CLIENT);
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  hosts = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

const runner: ImageRunner = {
  async prepare() {
    const node = { hostPath: nodeFor("nodejs22.x").path, guestPath: "/var/lang/bin/node" };
    const sandboxes = await probeSandbox();
    const [program, file] =
      sandboxes.tier === "portable" ? [node.hostPath, client] : [node.guestPath, "/var/task/client.js"];
    return {
      command: [program, file],
      notice: "an image",
      extensions: [],
      createSandbox: (spec) => sandboxes.create({ ...spec, taskRoot: folder, mounts: [node] }),
    };
  },
};

function hostOf(standby: boolean, images = () => Promise.resolve(runner)): FunctionHost {
  const host = new FunctionHost({ standby, images });
  hosts.push(host);
  return host;
}
const imageFunction = (host: FunctionHost, more: Partial<FunctionConfig> = {}): FunctionConfig =>
  host.function("", "", { code: { kind: "image", uri: "x:1" }, runtime: "image", handler: "", ...more });

test("an image gets the platform's variables, and none of those that belong to a runtime of Lambda's", async () => {
  const host = hostOf(false);
  const names = bodyOf(await host.invoke(imageFunction(host, { environment: { OWN: "1" } })));
  expect(names).toEqual(expect.arrayContaining(["AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SESSION_TOKEN", "OWN"]));
  for (const name of ["AWS_EXECUTION_ENV", "LAMBDA_TASK_ROOT", "_HANDLER", "NODE_PATH", "LANG"])
    expect(names).not.toContain(name);
});

test("the standby of an image has run its INIT, which the first invocation reports", async () => {
  const host = hostOf(true);
  const config = imageFunction(host);
  await host.host.prepare(config);
  const result = await host.invoke(config);
  expect(result.report.initDurationMs).toBeGreaterThan(0);
  expect(host.lines(config).filter((line) => line === "INIT")).toHaveLength(1);
  expect(host.notices(config)).toEqual(["an image"]);
  expect((await host.invoke(config)).report.initDurationMs).toBeUndefined();
});

test("an INIT that fails ahead runs again inside the invocation", async () => {
  const host = hostOf(true);
  const config = imageFunction(host, { environment: { FAIL: "INIT" } });
  await host.host.prepare(config);
  const result = await host.invoke(config);
  expect(result.functionError).toBeUndefined();
  expect(result.report.initDurationMs).toBeUndefined();
  expect(host.lines(config)).toContainEqual(
    expect.stringMatching(/^INIT_REPORT .*Phase: init\tStatus: error\tError Type: Runtime\.ExitError/),
  );
});

test("an engine that is not there is asked again by the next invocation", async () => {
  let asked = 0;
  const host = hostOf(false, () => {
    asked += 1;
    return asked === 1 ? Promise.reject(new AppError("LR5009", { what: "none" })) : Promise.resolve(runner);
  });
  const config = imageFunction(host);
  await expect(host.invoke(config)).rejects.toMatchObject({ code: "LR5009" });
  expect((await host.invoke(config)).functionError).toBeUndefined();
});

test("a debugger is refused by name, since none is opened in an image", async () => {
  const host = new FunctionHost({
    images: () => Promise.resolve(runner),
    inspect: () => ({ port: 9229, breakAtStart: false }),
  });
  hosts.push(host);
  await expect(host.invoke(imageFunction(host))).rejects.toMatchObject({ code: "LR1004" });
});
