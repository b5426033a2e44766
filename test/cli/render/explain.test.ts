/** The one line of advice under a failed invocation. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { adviceFor } from "../../../src/cli/render/explain.js";
import { exitCodeOfResult } from "../../../src/cli/render/result.js";
import type { CodeSource, FunctionConfig } from "../../../src/config/function-config.js";
import type { InvokeResult } from "../../../src/runtime/types.js";

const root = mkdtempSync(join(tmpdir(), "lambda-run-advice-"));
const told = relative(process.cwd(), root);
const folder: CodeSource = { kind: "folder", root };
const bundle: CodeSource = { kind: "bundle", root, handlerFile: "app", build: { external: [] } };
beforeAll(() => {
  mkdirSync(join(root, "views"));
  writeFileSync(join(root, "views/page.html"), "");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function advice(runtime: string, code: CodeSource, errorType: string, errorMessage: string): string | undefined {
  const payload = Buffer.from(JSON.stringify({ errorType, errorMessage }));
  const fn = { name: "fn", runtime, handler: "app.handler", code } as FunctionConfig;
  return adviceFor({ payload, functionError: "Unhandled" } as InvokeResult, fn);
}
const noModule = (name: string): readonly [string, string] => [
  "Runtime.ImportModuleError",
  `Unable to import module 'app': No module named '${name}'`,
];

test("Python without boto3 is told that Lambda's has it", () => {
  expect(advice("python3.13", folder, ...noModule("boto3"))).toBe(
    `Lambda's Python has boto3, this machine's has not: install it for python3, or \`pip install boto3 -t ${told}\`.`,
  );
});

test("a package that Python lacks is told with pip's command, from requirements.txt where there is one", () => {
  expect(advice("python3.13", folder, ...noModule("requests.adapters"))).toContain(`pip install requests -t ${told}`);
  writeFileSync(join(root, "requirements.txt"), "requests\n");
  expect(advice("python3.13", folder, ...noModule("requests"))).toContain(
    `pip install -r ${join(told, "requirements.txt")} -t ${told}`,
  );
});

test("a package that is in a virtual environment only is told that Lambda does not see that", () => {
  for (const [path, name] of [
    [".venv/lib/python3.13/site-packages/requests", "requests"],
    ["env/Lib/site-packages", "six"],
  ] as const) {
    mkdirSync(join(root, path), { recursive: true });
    const venv = join(root, path.slice(0, path.indexOf("/")));
    writeFileSync(join(root, path, `${name}.py`), "");
    expect(advice("python3.13", folder, ...noModule(name))).not.toContain("does not see");
    writeFileSync(join(venv, "pyvenv.cfg"), "");
    expect(advice("python3.13", folder, ...noModule(name))).toMatch(
      `${name} is in ${relative(process.cwd(), venv)}, which Lambda does not see. Ship ${name} with the code: \`pip install `,
    );
  }
  expect(advice("python3.13", folder, ...noModule("flask"))).toMatch(/^Ship flask/);
});

test("a custom runtime without bootstrap is told where it is looked for, and that others build it", () => {
  const message = "Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
  const line = advice("provided.al2023", folder, "Runtime.InvalidEntrypoint", message);
  expect(line).toContain(`Put an executable named bootstrap into ${told}`);
  expect(line).toContain("sam build");
});

test("a computed module name without its extension is told", () => {
  expect(advice("nodejs22.x", bundle, "Error", "Module not found in bundle: ./plugins/one")).toContain(
    "with its extension, as esbuild bundled it: ./plugins/one.js",
  );
  expect(advice("nodejs22.x", bundle, "Error", "Module not found in bundle: ./plugins/one.js")).toBeUndefined();
});

test("a file of the sources that is not shipped is told by its name", () => {
  const message = (name: string): string => `ENOENT: no such file or directory, open '/var/task/${name}'`;
  expect(advice("nodejs22.x", bundle, "Error", message("views/page.html"))).toMatch(
    /^views\/page\.html is not shipped with the bundle/,
  );
  expect(advice("nodejs22.x", bundle, "Error", message("nowhere.html"))).toBeUndefined();
});

test("CommonJS in a file that is an ES module is told what makes it one", () => {
  const message = "exports is not defined in ES module scope";
  expect(advice("nodejs22.x", bundle, "ReferenceError", message)).toMatch(
    /app is an ES module, by its name or by `type` of package\.json: use `export`, or name the file \.cjs\.$/,
  );
  expect(advice("nodejs22.x", bundle, "ReferenceError", "other is not defined")).toBeUndefined();
});

test.each(["ENOSPC: no space left on device, write", "EFBIG: file too large, write"])(
  "%s is a /tmp that is full",
  (said) => {
    expect(advice("nodejs22.x", bundle, "Error", said)).toMatch(/^Write less to \/tmp, or raise EphemeralStorage/);
    const payload = Buffer.from(JSON.stringify({ errorType: "Error", errorMessage: said }));
    expect(exitCodeOfResult({ payload, functionError: "Unhandled", report: {} } as InvokeResult)).toBe(5);
  },
);
