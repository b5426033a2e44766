/** A host or a stack that ends while functions start: nothing of them is left, and who called hears it at once. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { messageOf } from "../../src/shared/errors.js";
import { until } from "../until.js";
import { FunctionHost, TIERS, tierName } from "./function-host.js";
import { roomIds } from "./room-ids.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-closing-"));
writeFileSync(
  join(folder, "index.mjs"),
  'console.log("INIT"); setInterval(() => {}, 1000); await new Promise(() => {});',
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Its INIT never ends, and a call of it would wait for a quarter of an hour. */
const hanging = (host: FunctionHost): FunctionConfig =>
  host.function("node", "index.handler", { code: { kind: "folder", root: folder }, timeoutSeconds: 900 });

const faultOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => "none",
    (error: unknown) => messageOf(error),
  );

/** Turns of the event loop between the call and the end: an environment is made in many of them. */
const MOMENTS = [0, 1, 2, 3, 5, 8, 13, 21, 34];

/** What another test of this process has left is not looked at. */
const others = new Set(roomIds());
const rooms = (): readonly string[] => roomIds().filter((id) => !others.has(id));

describe.each(TIERS.map((tier) => [tierName(tier), tier === undefined ? {} : { sandboxTier: tier }] as const))(
  "on %s tier",
  (_name, options) => {
    test("a call in its INIT is refused when the host ends", async () => {
      const host = new FunctionHost(options);
      const config = hanging(host);
      const fault = faultOf(host.invoke(config));
      await until(() => host.lines(config).some((line) => line.includes("INIT")));
      await host.close();
      expect([await fault, rooms()]).toEqual(["the execution environment has been ended", []]);
    });

    test.each([false, true])("and so it is at every moment before (with a standby: %s)", async (standby) => {
      for (const turns of MOMENTS) {
        const host = new FunctionHost({ ...options, standby });
        const config = hanging(host);
        if (standby) await host.host.prepare(config);
        const fault = faultOf(host.invoke(config));
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        await host.close();
        expect([await fault, rooms()]).toEqual([expect.stringMatching(/ended|closed/), []]);
      }
    });

    test("a call that comes later starts nothing", async () => {
      const host = new FunctionHost({ ...options, standby: true });
      await host.close();
      const config = hanging(host);
      await expect(host.invoke(config)).rejects.toThrow("closed");
      await host.host.prepare(config);
      expect(rooms()).toEqual([]);
    });
  },
);

test("a program that closes its stack during a cold start ends by itself", async () => {
  writeFileSync(
    join(folder, "template.yaml"),
    `Transform: AWS::Serverless-2016-10-31
Resources:
  Hangs:
    Type: AWS::Serverless::Function
    Properties: { Runtime: nodejs22.x, Handler: index.handler, CodeUri: ., Timeout: 900 }
`,
  );
  writeFileSync(
    join(folder, "program.mjs"),
    `import { createStack } from ${JSON.stringify(join(process.cwd(), "dist", "index.js"))};
     const closeAfter = async (turns, calls) => {
       const stack = await createStack({ template: "template.yaml", persist: false });
       const called = Array.from({ length: calls }, () => stack.invoke("Hangs").catch(({ message }) => message));
       for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
       await stack.close();
       console.log((await Promise.all(called)).join());
     };
     for (const turns of ${JSON.stringify(MOMENTS)}) await closeAfter(turns, 1);
     await closeAfter(1, 12);`,
  );
  // Far less than the function's time, far more than the program's.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["program.mjs"], {
    cwd: folder,
    timeout: 50_000,
  });
  expect(stdout.trim().split("\n")).toHaveLength(MOMENTS.length + 1);
  // Many starts at a time are no leak of listeners.
  expect(stderr).not.toContain("MaxListenersExceededWarning");
});
