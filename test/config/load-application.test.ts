import { execFileSync } from "node:child_process";
import { build } from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../../src/config/application-cache.js";
import { loadApplication } from "../../src/config/load-application.js";
import type { LoadOptions } from "../../src/config/load-application.js";
import { folderWith, rejectionOf, withFunction } from "./support.js";

const TEMPLATE = withFunction(
  "Timeout: 5\nEnvironment: { Variables: { STAGE: !Ref Stage, QUEUE: !Ref Q } }",
  "Q: { Type: AWS::SQS::Queue, Properties: { QueueName: q } }",
  "Parameters: { Stage: { Type: String, Default: dev } }",
);
const project = (files: Record<string, string> = {}): string =>
  folderWith({ "template.yaml": TEMPLATE, "src/app.ts": "", ...files });
const load = (folder: string, options: Partial<LoadOptions> = {}) => loadApplication({ folder, ...options });
const environmentOf = async (folder: string, options: Partial<LoadOptions> = {}) =>
  (await load(folder, options)).application.functions[0]?.environment;

describe("configuration", () => {
  test("without a file the defaults hold", async () => {
    const { config, application } = await load(project());
    expect(config).toMatchObject({
      stackName: "local",
      region: "us-east-1",
      accountId: "000000000000",
      host: "127.0.0.1",
      ports: { gateway: 4566, http: 3000 },
      state: ".lambda-run",
      backend: "embedded",
      limits: { sandbox: "auto" },
    });
    expect(application.stackName).toBe("local");
  });

  test("variables come from a .env file where the configuration reads one, anew each time", async () => {
    const config =
      'import { readFileSync } from "node:fs"; import { parseEnv } from "node:util"; import { join } from "node:path";\n' +
      'export default { environment: parseEnv(readFileSync(join(import.meta.dirname, ".env"), "utf8")), stackName: import.meta.url.slice(0, 4) };';
    const folder = project({ "lambda-run.config.mjs": config, ".env": 'GREETING="good day" # said first\n' });
    const options = { cacheFolder: join(folder, "cache"), version: "1" };
    expect(await environmentOf(folder, options)).toMatchObject({ GREETING: "good day" });
    expect((await load(folder, options)).config.stackName).toBe("file");
    writeFileSync(join(folder, ".env"), "GREETING=bye\n");
    expect(await environmentOf(folder, options)).toMatchObject({ GREETING: "bye" });
  });

  test("without a template the application is empty", async () => {
    const { application } = await load(folderWith({}));
    expect(application).toMatchObject({ sourceFile: undefined, functions: [] });
  });

  const settings =
    '{ region: "eu-west-1", parameterOverrides: { Stage: "file" }, environment: { ALL: "a" }, functions: { Fn: { environment: { OWN: "b" }, timeoutSeconds: 60 } } }';
  test.each([
    [
      "ts",
      `import type { X } from "./types";\nconst settings: Record<string, unknown> = ${settings};\nexport default settings;`,
    ],
    ["js", `module.exports = ${settings};`],
    ["mjs", `export default ${settings};`],
    ["cjs", `module.exports = ${settings};`],
    ["ts", `export default async () => (${settings});`],
    [
      "json",
      JSON.stringify({
        region: "eu-west-1",
        parameterOverrides: { Stage: "file" },
        environment: { ALL: "a" },
        functions: { Fn: { environment: { OWN: "b" }, timeoutSeconds: 60 } },
      }),
    ],
  ])("a file in %s is read", async (extension, text) => {
    const { application, config } = await load(
      project({ [`lambda-run.config.${extension}`]: text, "types.ts": "export type X = 1;" }),
    );
    expect(config.region).toBe("eu-west-1");
    expect(application.functions[0]).toMatchObject({
      timeoutSeconds: 60,
      environment: { STAGE: "file", ALL: "a", OWN: "b" },
    });
  });

  test("a config file may import its neighbours, and they are watched", async () => {
    const folder = project({
      "lambda-run.config.ts": 'import { region } from "./shared.js";\nexport default { region };',
      "shared.ts": 'export const region: string = "eu-west-3";',
    });
    const { config, files } = await load(folder);
    expect(config.region).toBe("eu-west-3");
    expect(files).toEqual(
      expect.arrayContaining(["lambda-run.config.ts", "shared.ts", "template.yaml"].map((name) => join(folder, name))),
    );
  });

  test("a flag wins over the file, the file over the default", async () => {
    const folder = project({ "lambda-run.config.json": '{"ports":{"gateway":1,"http":2},"stackName":"file"}' });
    const { config } = await load(folder, { flags: { ports: { gateway: 9 } } });
    expect(config).toMatchObject({ ports: { gateway: 9, http: 2 }, stackName: "file" });
  });

  test.each<[string, string, RegExp, RegExp]>([
    [
      "an unknown option",
      '{"prots":{}}',
      /There is no option "prots"\. Did you mean "ports"\?/,
      /^prots in lambda-run\.config\.json$/,
    ],
    [
      "an unknown option further in",
      '{"ports":{"gatway":1}}',
      /"ports\.gatway"\. Did you mean "gateway"\?/,
      /^ports\.gatway in/,
    ],
    ["an unknown service", '{"backends":{"sq":"aws"}}', /"backends\.sq"\. Did you mean "sqs"\?/, /^backends\.sq in/],
    ["a value of another type", '{"ports":{"gateway":"x"}}', /"ports\.gateway" cannot be "x"/, /^ports\.gateway in/],
    ["a value that is not among the choices", '{"backend":"embeded"}', /"backend" cannot be "embeded"/, /^backend in/],
    [
      "an entry of a list",
      '{"seeds":[{"bucket":"b","count":0}]}',
      /"seeds\[0\]\.count" cannot be 0/,
      /^seeds\[0\]\.count in/,
    ],
    ["a missing value", '{"seeds":[{}]}', /"seeds\[0\]\.bucket" is missing/, /^seeds\[0\]\.bucket in/],
    ["an unknown function", '{"functions":{"Fm":{}}}', /no function "Fm"\. Did you mean "Fn"\?/, /^functions\.Fm$/],
    ["broken JSON", '{\n  "ports": [1,\n}', /not valid JSON/, /lambda-run\.config\.json:3:1$/],
  ])("%s is refused with its place", async (_what, text, says, where) => {
    const error = await rejectionOf(() => load(project({ "lambda-run.config.json": text })));
    expect(error.code).toBe("LR2005");
    expect(error.what).toMatch(says);
    expect(error.where).toMatch(where);
  });

  test("a fault in a flag is laid at the flag", async () => {
    const error = await rejectionOf(() => load(project(), { flags: { ports: { gateway: 70_000 } } }));
    expect(error.where).toBe("--port on the command line");
    expect(error.what).toBe("--port cannot be 70000");
  });

  test.each([
    ["a syntax error", "export default {\n  ports: {,}\n};", /does not compile/, /lambda-run\.config\.ts:2:11$/],
    ["a config that throws", 'throw new Error("boom");', /throws: .*boom/, /lambda-run\.config\.ts$/],
    ["a config without an object", "export default 5;", /does not give an object/, /lambda-run\.config\.ts$/],
  ])("%s is refused", async (_what, text, says, where) => {
    const error = await rejectionOf(() => load(project({ "lambda-run.config.ts": text })));
    expect(error.code).toBe("LR2005");
    expect(error.what).toMatch(says);
    expect(error.where).toMatch(where);
  });

  test("a template that was named and is not there is refused", async () => {
    const error = await rejectionOf(() => load(project(), { flags: { template: "other.yaml" } }));
    expect(error.code).toBe("LR2001");
  });

  test("an override that makes an environment too large is refused", async () => {
    const error = await rejectionOf(() => load(project(), { flags: { environment: { BIG: "x".repeat(4096) } } }));
    expect(error.code).toBe("LR2005");
    expect(error.why).toMatch(/exceeded the 4KB limit/);
  });
});

describe("the cache of the resolved application", () => {
  const cached = (folder: string, options: Partial<LoadOptions> = {}) =>
    load(folder, { cacheFolder: join(folder, "cache"), version: "1", ...options });

  test("the second load gives the same from the cache", async () => {
    const folder = project({ "lambda-run.config.ts": "export default { environment: { AA: '1' } };" });
    const first = await cached(folder);
    const second = await cached(folder);
    expect([first.fromCache, second.fromCache]).toEqual([false, true]);
    expect(second.application).toEqual(first.application);
    expect(second.config).toEqual(first.config);
    expect(second.files).toEqual(first.files);
  });

  test.each<[string, (folder: string) => void]>([
    ["the template changes", (folder) => writeFileSync(join(folder, "template.yaml"), TEMPLATE.replace("dev", "new"))],
    [
      "the config changes",
      (folder) => writeFileSync(join(folder, "lambda-run.config.json"), '{"parameterOverrides":{"Stage":"new"}}'),
    ],
    [
      "a config of higher rank appears",
      (folder) =>
        writeFileSync(join(folder, "lambda-run.config.ts"), 'export default { parameterOverrides: { Stage: "new" } };'),
    ],
  ])("it does not count when %s", async (_what, change) => {
    const folder = project({ "lambda-run.config.json": "{}" });
    await cached(folder);
    change(folder);
    const { application, fromCache } = await cached(folder);
    expect(fromCache).toBe(false);
    expect(application.functions[0]?.environment["STAGE"]).toBe("new");
  });

  test("it does not count when code that was missing appears", async () => {
    const folder = folderWith({ "template.yaml": TEMPLATE });
    expect((await cached(folder)).application.notices).toEqual([expect.stringContaining("cannot be invoked")]);
    folderWith({});
    writeFileSync(join(folder, "src"), "");
    expect((await cached(folder)).fromCache).toBe(false);
  });

  test("other flags and another version have entries of their own", async () => {
    const folder = project();
    await cached(folder);
    expect(
      await environmentOf(folder, {
        cacheFolder: join(folder, "cache"),
        version: "1",
        flags: { parameterOverrides: { Stage: "flag" } },
      }),
    ).toMatchObject({ STAGE: "flag" });
    expect((await cached(folder, { version: "2" })).fromCache).toBe(false);
  });

  test.each(["", "{", "null", "[]", '{"format":1}', '{"format":1,"application":{},"config":{},"files":5,"absent":[]}'])(
    "the corrupt entry %j is as good as none",
    async (text) => {
      const folder = project();
      await cached(folder);
      const [entry = ""] = readdirSync(join(folder, "cache"));
      writeFileSync(join(folder, "cache", entry), text);
      expect((await cached(folder)).fromCache).toBe(false);
      expect((await cached(folder)).fromCache).toBe(true);
    },
  );

  test("a cache folder that cannot be written does not matter", async () => {
    const folder = project({ file: "" });
    const { fromCache } = await load(folder, { cacheFolder: join(folder, "file", "cache") });
    expect(fromCache).toBe(false);
  });

  test("a cached load loads neither the schema nor YAML", async () => {
    const folder = project();
    const outfile = join(folder, "load.cjs");
    const entry = join(__dirname, "../../src/config/load-application.ts");
    await build({ entryPoints: [entry], bundle: true, platform: "node", format: "cjs", packages: "external", outfile });
    const script = `
      const { loadApplication } = require(${JSON.stringify(outfile)});
      loadApplication({ folder: ${JSON.stringify(folder)}, cacheFolder: ${JSON.stringify(join(folder, "cache"))} }).then(({ fromCache }) => {
        const heavy = Object.keys(require.cache).filter((file) => /node_modules.(zod|yaml|esbuild)/.test(file));
        console.log(JSON.stringify([fromCache, heavy.length > 0]));
      });`;
    // The external packages are found from the repository.
    const run = () =>
      execFileSync(process.execPath, ["-e", script], {
        env: { ...process.env, NODE_PATH: join(__dirname, "../../node_modules") },
        encoding: "utf8",
      }).trim();
    expect([run(), run()]).toEqual(["[false,true]", "[true,false]"]);
  });

  test("a config that looks at its surroundings is read every time", async () => {
    const folder = project({
      "lambda-run.config.ts": 'export default { stackName: process.env["HOME"] === undefined ? "a" : "b" };',
    });
    await cached(folder);
    expect((await cached(folder)).fromCache).toBe(false);
  });

  test("nothing half-written stays beside the entry", async () => {
    const folder = project();
    await cached(folder);
    const names = readdirSync(join(folder, "cache"));
    expect(names).toEqual([expect.stringMatching(/^application-[0-9a-f]{32}\.json$/)]);
    expect(() => JSON.parse(readFileSync(join(folder, "cache", names[0] ?? ""), "utf8")) as unknown).not.toThrow();
  });
});

test("a fingerprint depends on paths, contents, absences and flags, and on nothing else", () => {
  const of = (content: string | undefined, flags = {}) => fingerprint(new Map([["a", content]]), flags);
  expect(of("x")).toBe(of("x"));
  expect(
    new Set([of("x"), of("y"), of(undefined), of(""), of("x", { a: 1 }), fingerprint(new Map([["b", "x"]]), {})]).size,
  ).toBe(6);
});

describe("local addresses", () => {
  const endpoints = {
    queueBase: () => "http://127.0.0.1:4566",
    api: ({ logicalId }: { logicalId: string }) => `http://127.0.0.1:3000/${logicalId}`,
    functionUrl: ({ functionId }: { functionId: string }) => `http://127.0.0.1:3000/url/${functionId}`,
  };

  test("take the place of AWS's, in generated URLs and in those put together by hand", async () => {
    const template = withFunction(
      `Environment:
  Variables:
    QUEUE: !Ref Q
    HAND_MADE: !Sub "https://sqs.\${AWS::Region}.amazonaws.com/\${AWS::AccountId}/q"
    API: !Sub "https://\${ServerlessRestApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/x"
    HTTP: !GetAtt ServerlessHttpApi.ApiEndpoint
    URL: !GetAtt OtherUrl.FunctionUrl
    ELSEWHERE: https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod`,
      `Q: { Type: AWS::SQS::Queue, Properties: { QueueName: q } }
Other:
  Type: AWS::Serverless::Function
  Properties:
    CodeUri: src
    Handler: app.handler
    Runtime: nodejs22.x
    FunctionUrlConfig: { AuthType: NONE }
    Events: { A: { Type: Api, Properties: { Path: /x, Method: get } }, B: { Type: HttpApi } }`,
    );
    const { application } = await load(folderWith({ "template.yaml": template, "src/app.ts": "" }), { endpoints });
    expect(application.functions[0]?.environment).toEqual({
      QUEUE: "http://127.0.0.1:4566/000000000000/q",
      HAND_MADE: "http://127.0.0.1:4566/000000000000/q",
      API: "http://127.0.0.1:3000/ServerlessRestApi/Prod/x",
      HTTP: "http://127.0.0.1:3000/ServerlessHttpApi",
      URL: "http://127.0.0.1:3000/url/Other/",
      ELSEWHERE: "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod",
    });
    expect(application.queues[0]?.url).toBe("http://127.0.0.1:4566/000000000000/q");
  });

  test("are not part of the cache", async () => {
    const folder = project();
    const options = { cacheFolder: join(folder, "cache") };
    await load(folder, { ...options, endpoints });
    const { application, fromCache } = await load(folder, options);
    expect(fromCache).toBe(true);
    expect(application.functions[0]?.environment["QUEUE"]).toBe("https://sqs.us-east-1.amazonaws.com/000000000000/q");
  });
});
