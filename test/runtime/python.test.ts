/** Python functions through our own client. Texts and shapes: AWS's awslambdaric. */
import type { SandboxTier } from "../../src/runtime/sandbox/sandbox.js";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { bodyOf, FunctionHost, tierName, TIERS } from "./function-host.js";

describe.each(TIERS.map((tier) => [tierName(tier), tier] as const))(
  "on %s tier",
  (_name, tier: SandboxTier | undefined) => {
    const functions = new FunctionHost(tier === undefined ? {} : { sandboxTier: tier });
    const python = (handler: string, config: Partial<FunctionConfig> = {}): FunctionConfig =>
      functions.function("python", handler, { runtime: "python3.13", ...config });
    afterAll(() => functions.close());

    test("a handler's value is the answer and globals are kept", async () => {
      expect(bodyOf(await functions.invoke(python("app.echo"), { a: ["ü", null, 1.5] }))).toEqual({
        got: { a: ["ü", null, 1.5] },
      });
      expect(bodyOf(await functions.invoke(python("app.nothing")))).toBeNull();
      const counting = python("app.counts");
      await functions.invoke(counting);
      expect(bodyOf(await functions.invoke(counting))).toBe(2);
    });

    test("decimals keep their digits, and text is plain from 3.12 on and escaped before", async () => {
      expect((await functions.invoke(python("app.numbers"))).payload.toString()).toBe(
        '{"price": 1.10, "text": "ü", "none": null}',
      );
      expect((await functions.invoke(python("app.numbers", { runtime: "python3.11" }))).payload.toString()).toContain(
        '"text": "\\u00fc"',
      );
    });

    test("the context has AWS's members", async () => {
      const config = python("app.shape");
      const clientContext = Buffer.from('{"custom":{"k":"v"},"client":{"app_title":"t"}}').toString("base64");
      const result = await functions.invoke(
        config,
        {},
        { clientContext, cognitoIdentity: '{"cognitoIdentityId":"i"}' },
      );
      const body = bodyOf(result) as { members: Record<string, string> };
      expect(body).toMatchObject({ left: true, custom: { k: "v" }, app: "t", identity: "i" });
      expect(body.members).toEqual({
        aws_request_id: result.requestId,
        log_group_name: `/aws/lambda/${config.name}`,
        log_stream_name: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\]/),
        function_name: config.name,
        memory_limit_in_mb: "256",
        function_version: "$LATEST",
        invoked_function_arn: config.arn,
      });
    });

    test("an exception is the answer, with its trace, and is logged as one event", async () => {
      const result = await functions.invoke(python("app.raises"));
      const trace = expect.stringMatching(
        /^ {2}File ".*app\.py", line \d+, in raises\n {4}raise OrderError\("out of stock"\)\n$/,
      );
      expect(bodyOf(result)).toEqual({
        errorMessage: "out of stock",
        errorType: "OrderError",
        requestId: result.requestId,
        stackTrace: [trace],
      });
      expect(result.functionError).toBe("Unhandled");
      expect(result.logs).toMatch(
        /^\[ERROR\] OrderError: out of stock\rTraceback \(most recent call last\):\r\u00a0\u00a0File /m,
      );
    });

    test.each([
      ["missing.handler", "Runtime.ImportModuleError", "Unable to import module 'missing': No module named 'nowhere'"],
      ["absent.handler", "Runtime.ImportModuleError", "Unable to import module 'absent': No module named 'absent'"],
      ["app.absent", "Runtime.HandlerNotFound", "Handler 'absent' missing on module 'app'"],
      ["app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"],
      [
        "syntax.handler",
        "Runtime.UserCodeSyntaxError",
        /^Syntax error in module 'syntax': expected ':' \(syntax\.py, line 1\)$/,
      ],
      ["at_load.handler", "RuntimeError", "at load"],
    ])("%s fails at INIT as %s", async (handler, errorType, message) => {
      const result = await functions.invoke(python(handler));
      expect(bodyOf(result)).toMatchObject({
        errorType,
        errorMessage: typeof message === "string" ? message : expect.stringMatching(message),
        requestId: "",
      });
      expect(result.logs).toContain("INIT_REPORT");
      expect(result.report.errorType).toBe(errorType.startsWith("Runtime.") ? errorType : "Runtime.Unknown");
    });

    test("what is no JSON is a marshal error", async () => {
      expect(bodyOf(await functions.invoke(python("app.unserialisable")))).toMatchObject({
        errorType: "Runtime.MarshalError",
        errorMessage: "Unable to marshal response: Object of type set is not JSON serializable",
      });
    });

    test.each([
      ["point", '{"at": {"x": 1, "y": {"x": 2, "y": 3}}}'],
      ["bytes", '{"inside": "text", "key": 1}'],
      ["raw", "not json"],
      ["keys", '{"null": "n", "1.5": "f", "false": "b", "1": "i"}'],
      ["nan", "[NaN, Infinity, NaN, Infinity]"],
      ["big", "1180591620717411303424"],
      ["ordered", '{"b": 1, "a": 2}'],
    ])("an unusual result is written as AWS's encoder writes it: %s", async (event, text) => {
      expect((await functions.invoke(python("unusual.answers"), event)).payload.toString()).toBe(text);
    });

    test.each([
      ["date", "Object of type datetime is not JSON serializable"],
      ["enum", "Object of type Colour is not JSON serializable"],
      ["function", "Object of type builtin_function_or_method is not JSON serializable"],
      ["generator", "Object of type generator is not JSON serializable"],
      ["tuple key", "keys must be str, int, float, bool or None, not tuple"],
      ["cycle", "Circular reference detected"],
    ])("what cannot be written is a marshal error: %s", async (event, reason) => {
      const result = await functions.invoke(python("unusual.answers"), event);
      expect(bodyOf(result)).toMatchObject({
        errorType: "Runtime.MarshalError",
        errorMessage: `Unable to marshal response: ${reason}`,
      });
    });

    test("errors without a message, with lines and of the caller are named", async () => {
      const config = python("unusual.raises");
      const silent = await functions.invoke(config, "silent");
      expect(bodyOf(silent)).toMatchObject({ errorType: "Silent", errorMessage: "" });
      expect(silent.logs).toContain("[ERROR] Silent\rTraceback");
      expect(bodyOf(await functions.invoke(config, "key"))).toMatchObject({
        errorType: "KeyError",
        errorMessage: "'missing'",
      });
      expect(bodyOf(await functions.invoke(config))).toMatchObject({
        errorType: "RuntimeError",
        errorMessage: "second\nline",
      });
      const base = await functions.invoke(config, "base");
      expect(bodyOf(base)).toMatchObject({ errorType: "Runtime.ExitError" });
      expect(base.logs).toContain("BaseException: not an Exception");
      expect(bodyOf(await functions.invoke(python("unusual.no_arguments")))).toMatchObject({
        errorType: "TypeError",
        errorMessage: "no_arguments() takes 0 positional arguments but 2 were given",
        stackTrace: [expect.stringContaining("bootstrap.py")],
      });
    });

    test("a failed INIT comes with Lambda's warning", async () => {
      const { logs } = await functions.invoke(python("at_load.handler"));
      expect(logs).toMatch(/^\[WARNING\]\t\S+Z\t\tLAMBDA_WARNING: Unhandled exception\. .*runtimes-update\.html\r\n/m);
    });

    test("a function's own log format has the request id, and each call is a line", async () => {
      const { logs, requestId } = await functions.invoke(python("unusual.formats"));
      expect(logs).toContain(`\nown ${requestId} one\nown ${requestId} two\n`);
    });

    test("JSON logs keep objects, and levels between the named ones are the one below", async () => {
      const logging = { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "WARN", logGroup: "/g" } as const;
      const { logs, requestId } = await functions.invoke(python("unusual.logs", { logging }));
      const entries = logs.split("\n").filter((line) => line.startsWith("{"));
      const at = { timestamp: expect.stringMatching(/^[\d-]{10}T[\d:]{8}Z$/), logger: "app", requestId };
      expect(entries.map((line) => JSON.parse(line) as object)).toEqual([
        { ...at, level: "WARNING", message: { an: "object", set: "{1}" } },
        { ...at, level: "WARNING", message: "between levels" },
        { ...at, level: "INFO", message: "no level filters 1" },
        { ...at, level: "ERROR", message: "stack", orderId: "{2}" },
      ]);
      expect(logs).toMatch(/^by context$/m);
    });

    test("the ends of a process are told apart, and the next invocation works", async () => {
      const config = python("app.leaves");
      const messageOf = async (event: object): Promise<unknown> =>
        (bodyOf(await functions.invoke(config, event)) as { errorMessage: string }).errorMessage.replace(
          /^RequestId: \S+ Error: /,
          "",
        );
      expect(await messageOf({})).toBe("Runtime exited without providing a reason");
      expect(await messageOf({ code: 3 })).toBe("Runtime exited with error: exit status 3");
      expect(await messageOf({ code: 137 })).toBe("Runtime exited with error: exit status 137");
      const killed = bodyOf(await functions.invoke(python("app.killed"))) as { errorMessage: string };
      expect(killed.errorMessage).toMatch(/Runtime exited with error: signal: killed$/);
    });

    test("text logs are those of AWS's client", async () => {
      const { logs, requestId } = await functions.invoke(python("app.logs"));
      const stamp = `\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\t${requestId}`;
      expect(logs).toMatch(/^printed$/m);
      expect(logs).toMatch(/^two\nlines$/m);
      expect(logs).toMatch(new RegExp(`^\\[WARNING\\]\\t${stamp}\\ta warning with arguments$`, "m"));
      expect(logs).toMatch(new RegExp(`^\\[ERROR\\]\\t${stamp}\\tcaught$`, "m"));
      expect(logs).not.toContain("below the level");
    });

    test("JSON logs carry errors, extras and the level", async () => {
      const logging = { format: "JSON", applicationLogLevel: "INFO", systemLogLevel: "WARN", logGroup: "/g" } as const;
      const { logs, requestId } = await functions.invoke(python("app.logs", { logging }));
      const entries = logs
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(entries).toEqual([
        expect.objectContaining({ level: "WARNING", message: "a warning with arguments", logger: "app", requestId }),
        expect.objectContaining({ level: "INFO", message: "below the level" }),
        expect.objectContaining({
          level: "ERROR",
          message: "caught",
          errorType: "ValueError",
          errorMessage: "inner",
          stackTrace: [expect.any(String)],
          location: expect.stringMatching(/app\.py:logs:\d+$/),
        }),
        expect.objectContaining({ level: "ERROR", message: "extra", orderId: 7 }),
      ]);
      expect(logs).toMatch(/^printed$/m);
    });

    test("the surroundings are Lambda's", async () => {
      const body = bodyOf(await functions.invoke(python("app.surroundings"))) as { cwd: string; path: string[] };
      const version = /python3\.\d+/.exec(body.path[1] ?? "")?.[0];
      expect(body).toEqual({
        cwd: body.path[0],
        path: [body.path[0], `/opt/python/lib/${version}/site-packages`, "/opt/python"],
        own: [],
        child: "2",
        env: "AWS_Lambda_python3.13",
      });
      if (tier !== "portable") expect(body.cwd).toBe("/var/task");
    });
  },
);
