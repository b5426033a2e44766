import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findModule, prepareFolder, splitHandler } from "../../src/config/code.js";
import { functionFromFile } from "../../src/config/function-file.js";
import type { CodeSource, FunctionConfig } from "../../src/config/function-config.js";
import { folderWith, rejectionOf } from "./support.js";

const folder = folderWith({ "src/Handler.ts": "", "src/app.js": "", "Code/index.js": "" });
const fnWith = (code: CodeSource): FunctionConfig => ({
  ...functionFromFile("src/app.js", folder),
  logicalId: "Fn",
  code,
});
const noUnzip = (): Promise<void> => Promise.reject(new Error("nothing to unpack"));

test.each([
  ["index.handler", { module: "index", exportPath: "handler" }],
  ["src/app.api.get", { module: "src/app", exportPath: "api.get" }],
  ["handler", undefined],
])("the handler %s is cut at its first dot", (handler, parts) => {
  expect(splitHandler(handler)).toEqual(parts);
});

test("a module is found by exact letter case only", () => {
  expect(findModule(folder, "src/app")).toBe(join(folder, "src/app.js"));
  expect(findModule(folder, "src/handler")).toBeUndefined();
});

test("inline code is written once, and only when it is needed", async () => {
  const root = join(folder, "gen", "Fn-1");
  const fn = fnWith({
    kind: "folder",
    root,
    origin: { kind: "inline", fileName: "index.js", text: "exports.handler = 1;" },
  });
  expect(existsSync(root)).toBe(false);
  await prepareFolder(fn, noUnzip);
  await prepareFolder(fn, noUnzip);
  expect(readFileSync(join(root, "index.js"), "utf8")).toBe("exports.handler = 1;");
});

test("a ZIP is handed to the one who unpacks, and again only when it has changed", async () => {
  const [file, root] = [join(folder, "src/app.js"), join(folder, "gen", "Zip-1")];
  const fn = fnWith({ kind: "folder", root, origin: { kind: "zip", file } });
  const calls: string[] = [];
  const unzip = (archive: string, to: string): Promise<void> => {
    calls.push(archive);
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, "times"), String(calls.length));
    return Promise.resolve();
  };
  await prepareFolder(fn, unzip);
  await prepareFolder(fn, unzip);
  expect(calls).toEqual([file]);
  const later = new Date(Date.now() + 5000);
  utimesSync(file, later, later);
  await prepareFolder(fn, unzip);
  expect(calls).toEqual([file, file]);
  expect(readFileSync(join(root, "times"), "utf8")).toBe("2");
  expect(readdirSync(dirname(root)).filter((name) => name.startsWith("Zip-1."))).toEqual([]);
});

test("a folder in other letter case is named", async () => {
  const error = await rejectionOf(() => prepareFolder(fnWith({ kind: "folder", root: join(folder, "code") }), noUnzip));
  expect(error.code).toBe("LR3002");
  expect(error.why).toBe(`${join(folder, "Code")} exists, in other letter case`);
});

test("code that lies in S3 is refused by name", async () => {
  const error = await rejectionOf(() =>
    prepareFolder(fnWith({ kind: "folder", root: "/x", origin: { kind: "remote", uri: "s3://b/k" } }), noUnzip),
  );
  expect(error.what).toBe("The code of Fn is at s3://b/k, not on this machine");
});
