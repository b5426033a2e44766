/** Programs that bring their own client of the Runtime API, and what the API answers to wrong calls. */
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import type { SandboxTier } from "../../src/runtime/sandbox/sandbox.js";
import { bodyOf, FunctionHost, HANDLERS, tierName, TIERS } from "./function-host.js";

const folder = mkdtempSync(join(tmpdir(), "lambda-run-custom-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The head of an ELF file whose machine is 0. */
const ELF_OF_NO_MACHINE = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(57)]);

interface Report {
  readonly answers: readonly (readonly [status: number, body: string])[];
  readonly early: readonly [number, string];
  readonly next: Readonly<Record<string, string>>;
}

describe.each(TIERS.map((tier) => [tierName(tier), tier] as const))(
  "on %s tier",
  (_name, tier: SandboxTier | undefined) => {
    const functions = new FunctionHost(tier === undefined ? {} : { sandboxTier: tier });
    // #!/usr/bin/env node: the program's own affair is to find its interpreter.
    const custom = (config: Partial<FunctionConfig> = {}): FunctionConfig => {
      const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", ...config.environment };
      return functions.function("custom", "any.thing", { runtime: "provided.al2023", ...config, environment });
    };
    afterAll(() => functions.close());

    test("a bootstrap of shell and curl serves events", async () => {
      const config = functions.function("shell", "any.thing", { runtime: "provided.al2023" });
      const root = tier === "portable" ? join(HANDLERS, "shell") : "/var/task";
      const result = await functions.invoke(config, { a: 1 });
      expect(bodyOf(result)).toEqual({ echo: { a: 1 }, handler: "any.thing", root });
      expect(result.logs).toContain(`serving ${result.requestId} for any.thing\n`);
      expect(bodyOf(await functions.invoke(config, [2]))).toMatchObject({ echo: [2] });
    });

    test("a bootstrap in a layer is found", async () => {
      const layer = join(folder, `layer-${tierName(tier).replace(" ", "-")}`);
      mkdirSync(layer);
      copyFileSync(join(HANDLERS, "shell", "bootstrap"), join(layer, "bootstrap"));
      const config = functions.function("esm", "any.thing", { runtime: "provided.al2023", layers: [layer] });
      expect(bodyOf(await functions.invoke(config, 1))).toMatchObject({ echo: 1 });
    });

    test.each([
      ["an absolute link into a layer", "/opt/bin/runtime"],
      ["a relative link into a layer", "../../opt/bin/runtime"],
      ["a link to a link of the layer", "/opt/alias"],
    ])("a bootstrap that is %s is started", async (_what, target) => {
      const layer = mkdtempSync(join(folder, "linked-layer-"));
      const root = mkdtempSync(join(folder, "linked-"));
      for (const path of [layer, root]) chmodSync(path, 0o755);
      mkdirSync(join(layer, "bin"));
      copyFileSync(join(HANDLERS, "shell", "bootstrap"), join(layer, "bin", "runtime"));
      symlinkSync("bin/runtime", join(layer, "alias"));
      symlinkSync(target, join(root, "bootstrap"));
      const code = { kind: "folder", root } as const;
      const config = functions.function("x", "any.thing", { runtime: "provided.al2023", code, layers: [layer] });
      expect(bodyOf(await functions.invoke(config, 1))).toMatchObject({ echo: 1 });
    });

    test.each([
      ["the code", "/opt/current/bin/runtime"],
      ["another layer", undefined],
    ])(
      "a bootstrap that leads from %s through a folder that is an absolute link is started",
      async (_where, target) => {
        const [versions, links, root] = ["versions-", "links-", "through-"].map((name) => {
          const made = mkdtempSync(join(folder, name));
          chmodSync(made, 0o755);
          return made;
        }) as [string, string, string];
        mkdirSync(join(versions, "v1", "bin"), { recursive: true });
        copyFileSync(join(HANDLERS, "shell", "bootstrap"), join(versions, "v1", "bin", "runtime"));
        symlinkSync("/opt/v1", join(links, "current"));
        // The kernel takes the folder's own place for "..": /opt/v1, and not the place of its link.
        if (target === undefined) symlinkSync("current/../v1/bin/runtime", join(links, "bootstrap"));
        else symlinkSync(target, join(root, "bootstrap"));
        const code = { kind: "folder", root } as const;
        const layers = [versions, links];
        const config = functions.function("x", "any.thing", { runtime: "provided.al2023", code, layers });
        expect(bodyOf(await functions.invoke(config, 1))).toMatchObject({ echo: 1 });
      },
    );

    test("a bootstrap that is a link into nothing is none", async () => {
      const root = mkdtempSync(join(folder, "dangling-"));
      chmodSync(root, 0o755);
      symlinkSync("/opt/nowhere", join(root, "bootstrap"));
      const code = { kind: "folder", root } as const;
      const result = await functions.invoke(functions.function("x", "any.thing", { runtime: "provided.al2023", code }));
      expect(bodyOf(result)).toMatchObject({ errorMessage: expect.stringContaining("Couldn't find valid bootstrap") });
    });

    test("wrong calls are refused by name and change nothing", async () => {
      const post = (path: string, headers: Record<string, string> = {}): object => ({ path, body: "{}", headers });
      const result = await functions.invoke(custom(), {
        calls: [
          post("/2018-06-01/runtime/invocation/other-id/response"),
          post("/2018-06-01/runtime/invocation/other-id/error"),
          { method: "GET", path: "/2018-06-01/runtime/invocation/next" },
          post("/2018-06-01/runtime/init/error"),
          { method: "GET", path: "/2018-06-01/runtime/restore/next" },
          post("/2018-06-01/runtime/unknown"),
          { method: "DELETE", path: "/2018-06-01/runtime/invocation/next" },
        ],
      });
      expect(result.functionError).toBeUndefined();
      const { answers, early, next } = bodyOf(result) as Report;
      const errorTypes = [...answers, early].map(([status, body]) => [
        status,
        body.startsWith("{") ? (JSON.parse(body) as { errorType: string }).errorType : body,
      ]);
      expect(errorTypes).toEqual([
        [400, "InvalidRequestID"],
        [400, "InvalidRequestID"],
        [403, "InvalidStateTransition"],
        [403, "InvalidStateTransition"],
        [403, "InvalidStateTransition"],
        [404, "404 page not found"],
        [405, "method not allowed"],
        [400, "InvalidRequestID"],
      ]);
      expect(JSON.parse(answers[2]?.[1] ?? "")).toEqual({
        errorMessage:
          "State transition from Running to Ready failed for runtime. Error: State transition is not allowed",
        errorType: "InvalidStateTransition",
      });
      expect(next).toMatchObject({
        "content-type": "application/json",
        "lambda-runtime-aws-request-id": result.requestId,
        "lambda-runtime-invoked-function-arn": expect.stringMatching(
          /^arn:aws:lambda:eu-west-1:123456789012:function:fn-\d+$/,
        ),
        "lambda-runtime-deadline-ms": expect.stringMatching(/^\d{13}$/),
      });
    });

    test("the first answer counts, a second one is refused", async () => {
      const config = custom();
      const answer = (body: string): object => ({ path: "<base>/response", body, last: true });
      const result = await functions.invoke(config, {
        calls: [answer('"first"'), answer('"second"'), { path: "<base>/error", body: "{}", last: true }],
      });
      expect(bodyOf(result)).toBe("first");
      const said = functions.lines(config).find((line) => line.startsWith("[["));
      expect(said).toContain('[202,"{\\"status\\":\\"OK\\"}"]');
      expect(
        said?.match(/State transition from RuntimeResponseSentState to Invocation(Error)?Response failed for runtime/g),
      ).toHaveLength(2);
    });

    test("an error of the runtime goes to the caller as it is", async () => {
      const body = '{"errorMessage":"own","errorType":"OwnError","stackTrace":["one"]}';
      const headers = { "Lambda-Runtime-Function-Error-Type": "Function.Own" };
      const result = await functions.invoke(custom(), { calls: [{ path: "<base>/error", body, headers, last: true }] });
      expect([result.functionError, result.payload.toString(), result.report.errorType]).toEqual([
        "Unhandled",
        body,
        undefined,
      ]);
    });

    test("a chunked answer is put together", async () => {
      const result = await functions.invoke(custom(), {
        calls: [{ path: "<base>/response", body: '"in chunks"', chunked: true, last: true }],
      });
      expect(bodyOf(result)).toBe("in chunks");
    });

    test("an unknown response mode is refused and fails the invocation", async () => {
      const config = custom();
      const headers = { "Lambda-Runtime-Function-Response-Mode": "trickle" };
      const result = await functions.invoke(config, {
        calls: [{ path: "<base>/response", body: "{}", headers, last: true }],
      });
      expect(functions.lines(config).join()).toContain("InvalidFunctionResponseMode");
      expect([result.functionError, result.payload.length, result.report.errorType]).toEqual([
        "Unhandled",
        0,
        "Runtime.InvalidResponseModeHeader",
      ]);
    });

    test("an answer beyond 6 MB gets 413 and the caller hears of it", async () => {
      const config = custom();
      const result = await functions.invoke(config, { big: 6_291_557 });
      expect(bodyOf(result)).toMatchObject({ errorType: "Function.ResponseSizeTooLarge" });
      expect(functions.lines(config).join()).toContain("Exceeded maximum allowed payload size (6291556 bytes).");
      expect((await functions.invoke(config, { big: 3 })).payload.toString()).toBe("xxx");
    });

    test("init/error is the answer, twice tried", async () => {
      const config = custom({
        environment: { INIT_ERROR: '{"errorMessage":"no database","errorType":"Runtime.OwnReason"}' },
      });
      const result = await functions.invoke(config);
      expect(bodyOf(result)).toEqual({ errorMessage: "no database", errorType: "Runtime.OwnReason" });
      expect(result.report.errorType).toBe("Runtime.OwnReason");
      expect(functions.lines(config).filter((line) => line.startsWith("INIT_REPORT"))).toHaveLength(2);
    });

    test.each([
      ["an interpreter that is not there", "#!/no/such/interpreter\n", 0o755, "no such file or directory"],
      ["Windows line ends", "#!/bin/sh\r\n", 0o755, "no such file or directory"],
      ["no permission to run", "#!/bin/sh\n", 0o644, "permission denied"],
      ["neither a program nor a first line", "echo text\n", 0o755, "exec format error"],
      ["a program of another machine", ELF_OF_NO_MACHINE, 0o755, "exec format error"],
    ])("a bootstrap with %s cannot be started", async (_what, content, mode, reason) => {
      const root = mkdtempSync(join(folder, "bad-"));
      chmodSync(root, 0o755);
      writeFileSync(join(root, "bootstrap"), content, { mode });
      const config = functions.function("x", "any.thing", {
        runtime: "provided.al2023",
        code: { kind: "folder", root },
      });
      const result = await functions.invoke(config);
      expect(bodyOf(result)).toEqual({
        errorType: "Runtime.InvalidEntrypoint",
        errorMessage: `RequestId: ${result.requestId} Error: fork/exec /var/task/bootstrap: ${reason}`,
      });
      expect(result.functionError).toBe("Unhandled");
      for (const phase of ["init", "invoke"])
        expect(functions.lines(config)).toContainEqual(
          expect.stringMatching(
            new RegExp(`^INIT_REPORT .*\tPhase: ${phase}\tStatus: error\tError Type: Runtime.InvalidEntrypoint$`),
          ),
        );
      writeFileSync(join(root, "bootstrap"), readFileSync(join(HANDLERS, "shell", "bootstrap")));
      chmodSync(join(root, "bootstrap"), 0o755);
      expect(bodyOf(await functions.invoke(config, 7))).toMatchObject({ echo: 7 });
    });

    test("a folder without bootstrap fails as on AWS", async () => {
      const result = await functions.invoke(functions.function("esm", "any.thing", { runtime: "provided.al2023" }));
      expect(bodyOf(result)).toEqual({
        errorType: "Runtime.InvalidEntrypoint",
        errorMessage: `RequestId: ${result.requestId} Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]`,
      });
    });

    test("a wrapper is nothing to a custom runtime", async () => {
      const environment = { AWS_LAMBDA_EXEC_WRAPPER: "/opt/nowhere" };
      const config = functions.function("shell", "any.thing", { runtime: "provided.al2023", environment });
      expect(bodyOf(await functions.invoke(config, 1))).toMatchObject({ echo: 1 });
    });

    test("a wrapper runs in the runtime's place and a missing one is exit status 127", async () => {
      const layer = mkdtempSync(join(folder, "wrapper-"));
      chmodSync(layer, 0o755);
      writeFileSync(join(layer, "wrapper"), '#!/bin/sh\necho "wrapping $#"\nexport BY_WRAPPER=yes\nexec "$@"\n', {
        mode: 0o755,
      });
      const config = functions.function("node", "variables.handler", {
        layers: [layer],
        environment: { AWS_LAMBDA_EXEC_WRAPPER: "/opt/wrapper" },
      });
      const result = await functions.invoke(config);
      expect(bodyOf(result)).toMatchObject({ BY_WRAPPER: "yes" });
      expect(functions.lines(config)).toContainEqual(expect.stringMatching(/^wrapping \d$/));
      const missing = await functions.invoke(
        functions.function("node", "counts.handler", { environment: { AWS_LAMBDA_EXEC_WRAPPER: "/opt/nowhere" } }),
      );
      expect(bodyOf(missing)).toEqual({
        errorType: "Runtime.ExitError",
        errorMessage: `RequestId: ${missing.requestId} Error: Runtime exited with error: exit status 127`,
      });
    });
  },
);
