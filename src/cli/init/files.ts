/** The files that `init` writes: short, and each works as it is. */
import { basename, dirname, extname } from "node:path";
import { templateRuntime } from "../../config/function-file.js";

export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** One function a handler file; at most `MAX_LINES` lines, so that it can be read at a glance. */
export function templateFor(handlers: readonly string[]): string {
  const names = new Set<string>();
  const functions = handlers.slice(0, MAX_FUNCTIONS).map((file) => {
    const stem = basename(file, extname(file));
    const plain = ["handler", "index", "app", "main"].includes(stem) ? basename(dirname(file)) : stem;
    const name = unique(pascal(plain === "." || plain === "src" ? "main" : plain), names);
    const folder = dirname(file) === "." ? "./" : `${dirname(file)}/`;
    return `  ${name}Function:\n    Type: AWS::Serverless::Function\n    Properties: { FunctionName: ${kebab(name)}, CodeUri: ${folder}, Handler: ${stem}.handler }`;
  });
  return [
    "Transform: AWS::Serverless-2016-10-31",
    `Globals: { Function: { Runtime: ${templateRuntime()}, Timeout: 10, MemorySize: 256 } }`,
    "Resources:",
    ...functions,
    "",
  ].join("\n");
}

/** Three lines of head and three a function: `init` writes 15 lines of configuration at most. */
const MAX_FUNCTIONS = 4;

export const HANDLER: NewFile = {
  path: "src/hello/handler.ts",
  text: 'export const handler = async (event: { name?: string }) => ({ hello: event.name ?? "world" });\n',
};

export const FIXTURE: NewFile = { path: "fixtures/events/direct/hello.json", text: '{ "name": "lambda-run" }\n' };

/** Attaches to a running session (its `d` key, or --inspect), or runs the handler that is open in the editor. */
export const LAUNCH: NewFile = {
  path: ".vscode/launch.json",
  text: `${JSON.stringify(
    {
      version: "0.2.0",
      configurations: [
        {
          name: "lambda-run: attach",
          type: "node",
          request: "attach",
          port: 9229,
          restart: true,
          localRoot: "${workspaceFolder}",
          remoteRoot: "/var/task",
          resolveSourceMapLocations: null,
          sourceMaps: true,
        },
        {
          name: "lambda-run: invoke this file",
          type: "node",
          request: "launch",
          runtimeExecutable: "npx",
          runtimeArgs: ["lambda-run", "invoke", "${relativeFile}", "--inspect"],
          attachSimplePort: 9229,
          console: "integratedTerminal",
          sourceMaps: true,
        },
      ],
    },
    null,
    2,
  )}\n`,
};

const pascal = (text: string): string =>
  text
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("")
    .replace(/^\d/, "F$&");

const kebab = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();

function unique(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${n}`;
  taken.add(free);
  return free;
}
