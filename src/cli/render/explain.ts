/** What usually helps when an invocation failed: one line under the log, for the failures that have one usual cause. */
import { existsSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { namesIn } from "../../config/code.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { shownName } from "../../config/shown-name.js";
import type { InvokeResult } from "../../runtime/types.js";
import { TMP_IS_FULL } from "./result.js";

interface Explained {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

type Advice = (fn: FunctionConfig, message: string) => string;

const ADVICE: Readonly<Record<string, Advice>> = {
  "Runtime.HandlerNotFound": (fn) =>
    `Export \`${fn.handler.split(".").at(-1)}\` from ${sourceOf(fn)}, or change Handler (${fn.handler}).`,
  "Runtime.MalformedHandlerName": (fn) =>
    `Write Handler as file.export, such as index.handler (it is "${fn.handler}").`,
  "Runtime.ImportModuleError": (fn, message) =>
    fn.runtime.startsWith("python")
      ? pythonModule(fn, message)
      : `Ship the module with ${shownName(fn)}'s code: ${/Cannot find module '([^']+)'/.exec(message)?.[1] ?? "see the message"}.`,
  "Runtime.InvalidEntrypoint": (fn, message) => entryPoint(fn, message),
  "Runtime.UserCodeSyntaxError": (fn) => `Mend the syntax of ${sourceOf(fn)}; the log above names the line.`,
  "Runtime.CallbackHandlerDeprecated": (fn) =>
    `Make the handler async (two parameters), or declare a runtime older than ${fn.runtime}.`,
  "Runtime.OutOfMemory": (fn) => `Raise MemorySize (${fn.memoryMb} MB), or hold less at a time.`,
  "Sandbox.Timedout": (fn) =>
    `Raise Timeout (${fn.timeoutSeconds} s), or look for what never ends; \`--inspect\` stops the clock at breakpoints.`,
  "Function.ResponseSizeTooLarge": () => "Store the result in S3 and return its key; a response holds 6 MB.",
};

/** Undefined when the error is the handler's own affair. */
export function adviceFor(result: InvokeResult, fn: FunctionConfig): string | undefined {
  if (result.functionError === undefined) return undefined;
  const { errorType, errorMessage: message = "" } = parse(result.payload);
  if (TMP_IS_FULL.test(message)) return `Write less to /tmp, or raise EphemeralStorage (${fn.ephemeralStorageMb} MB).`;
  const absent = /ENOENT.*'\/var\/task\/([^']+)'/.exec(message)?.[1];
  if (absent !== undefined && fn.code.kind === "bundle" && existsSync(join(fn.code.root, absent)))
    return `${absent} is not shipped with the bundle: import it, or see "Files beside a bundle" in docs/deploying.md.`;
  const computed = /Module not found in bundle: (\S+)/.exec(message)?.[1];
  if (computed !== undefined && extname(computed) === "")
    return `Name the file with its extension, as esbuild bundled it: ${computed}.js, if that is it.`;
  if (/^(exports|module) is not defined in ES module scope/.test(message))
    return `${sourceOf(fn)} is an ES module, by its name or by \`type\` of package.json: use \`export\`, or name the file .cjs.`;
  if (/\bEROFS\b/.test(message)) return "Write below /tmp: the rest of Lambda's file system is read-only.";
  return errorType === undefined ? undefined : ADVICE[errorType]?.(fn, message);
}

/** Lambda's runtime has boto3; everything else has to be in the package, here as there. */
function pythonModule(fn: FunctionConfig, message: string): string {
  const module = /No module named '([^'.]+)/.exec(message)?.[1];
  const root = rootOf(fn);
  if (module === undefined) return `Ship what ${shownName(fn)} imports with its code: see the message.`;
  if (module === "boto3" || module === "botocore")
    return `Lambda's Python has ${module}, this machine's has not: install it for python3, or \`pip install boto3 -t ${root}\`.`;
  const what = existsSync(join(root, "requirements.txt")) ? `-r ${join(root, "requirements.txt")}` : module;
  const venv = virtualEnvironmentWith(module, [root, "."]);
  const why = venv === undefined ? "" : `${module} is in ${venv}, which Lambda does not see. `;
  return `${why}Ship ${module} with the code: \`pip install ${what} -t ${root}\`, or put it into a layer.`;
}

/** `sam build` leaves such folders out as well; what marks one is the file that PEP 405 has in it. */
function virtualEnvironmentWith(module: string, folders: readonly string[]): string | undefined {
  const packagesOf = (venv: string): readonly string[] => [
    join(venv, "Lib", "site-packages"),
    ...namesIn(join(venv, "lib")).map((version) => join(venv, "lib", version, "site-packages")),
  ];
  return folders
    .flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .filter((path) => existsSync(join(path, "pyvenv.cfg")))
    .find((venv) =>
      packagesOf(venv).some((path) => [module, `${module}.py`].some((name) => existsSync(join(path, name)))),
    );
}

function entryPoint(fn: FunctionConfig, message: string): string {
  if (fn.code.kind === "image") return "Check EntryPoint and Command of the image.";
  const root = rootOf(fn);
  return message.includes("Couldn't find valid bootstrap")
    ? `Put an executable named bootstrap into ${root}. Only JavaScript and TypeScript are built here: for others run \`sam build\`, then pass --template .aws-sam/build/template.yaml.`
    : `Make ${root}/bootstrap a program for Linux on this machine's processor, with its execute bit set.`;
}

/** As a person in this folder would write it. */
function rootOf({ code }: FunctionConfig): string {
  return code.kind === "image" ? code.uri : relative(process.cwd(), code.root) || ".";
}

function sourceOf({ code, handler }: FunctionConfig): string {
  return code.kind === "bundle" ? code.handlerFile : handler.replace(/\.[^./]*$/, "");
}

function parse(payload: Buffer): Explained {
  try {
    const value = JSON.parse(payload.toString("utf8")) as Explained | null;
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // Not JSON: nothing that we know a remedy for.
    return {};
  }
}
