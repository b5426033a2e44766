import { join } from "node:path";
import { functionFromFile, hostRuntime, looksLikeFile, templateRuntime } from "../../src/config/function-file.js";
import { errorOf, folderWith } from "./support.js";

const folder = folderWith({
  "src/orders/handler.ts": "",
  "src/tool.mjs": "",
  "src/a.b.ts": "",
  "py/lambda_function.py": "",
  "notes.txt": "",
});

test("a handler file is a function with AWS's defaults, named after its folder", () => {
  expect(functionFromFile("src/orders/handler.ts", folder)).toMatchObject({
    logicalId: "orders",
    name: "orders",
    handler: "handler.handler",
    code: { kind: "bundle", root: join(folder, "src/orders"), handlerFile: "handler" },
    memoryMb: 128,
    timeoutSeconds: 3,
    runtime: hostRuntime(),
  });
});

test("an export can be named, and a telling file name names the function", () => {
  expect(functionFromFile("src/tool.mjs:run", folder)).toMatchObject({ name: "tool", handler: "tool.run" });
});

test("a Python file is a Python function", () => {
  expect(functionFromFile("py/lambda_function.py", folder)).toMatchObject({
    name: "py",
    handler: "lambda_function.lambda_handler",
    runtime: "python3.13",
    code: { kind: "folder" },
  });
});

test.each([
  ["20.20.2", "nodejs20.x"],
  ["22.1.0", "nodejs22.x"],
  ["23.0.0", "nodejs22.x"],
  ["24.0.0", "nodejs24.x"],
  ["26.1.0", "nodejs24.x"],
])("Node %s stands for %s", (version, runtime) => {
  expect(hostRuntime(version)).toBe(runtime);
});

test.each([
  ["20.20.2", "nodejs22.x"],
  ["22.1.0", "nodejs22.x"],
  ["24.0.0", "nodejs24.x"],
  ["26.1.0", "nodejs24.x"],
])("a template that is written on Node %s names %s, which AWS supports", (version, runtime) => {
  expect(templateRuntime(version)).toBe(runtime);
});

test.each([
  ["src/gone.ts", /src\/gone\.ts is not there/],
  ["notes.txt", /not source that can be run/],
  ["src/a.b.ts", /cannot be named by a handler/],
])("%s is refused", (file, says) => {
  const error = errorOf(() => functionFromFile(file, folder));
  expect(error.code).toBe("LR3002");
  expect(error.what).toMatch(says);
});

test("a path is told from a name", () => {
  expect(["./src/x.ts", "src/x.ts:run", "a/b.py", "fn.ts", "manifest", "a.b"].map(looksLikeFile)).toEqual([
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});
