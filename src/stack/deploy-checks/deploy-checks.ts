/**
 * START HERE for what `doctor` says about AWS: what would not work there as it is declared, though it may run here.
 * Nothing of the user's code is run for it.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Application } from "../../config/application.js";
import { findModule, isNodeRuntime, prepareFolder, splitHandler } from "../../config/code.js";
import type { CodeSource, FunctionConfig } from "../../config/function-config.js";
import { didYouMean } from "../../config/nearest.js";
import { AppError } from "../../shared/errors.js";
import { bootstrapFile } from "../../runtime/bootstrap-file.js";
import { findHandlerSource } from "../../runtime/bundle.js";
import { externalsOf } from "../../runtime/bundle-options.js";
import { cacheFolder } from "../../runtime/cache-folder.js";
import { deploymentBuild } from "../../runtime/deployment-build.js";
import { withLayerFolders } from "../../runtime/layer-folders.js";
import { unzip } from "../../runtime/unzip.js";
import { functionCode } from "../package/function-code.js";
import { checkSize } from "../package/package-size.js";
import { unmetDecoratorMetadata } from "./decorator-metadata.js";
import { checkEventSources } from "./event-sources.js";
import type { Finding } from "./finding.js";
import { handlerExports } from "./handler-exports.js";
import { handlerParameters } from "./handler-parameters.js";
import { handlerProgram, type HandlerProgram } from "./handler-program.js";
import { caseSlip } from "./letter-case.js";
import { checkOutsideAddresses } from "./outside-addresses.js";
import { checkStateMachines } from "./state-machines.js";
import { isLeftOut, isShipped, unshippedPackages } from "./unshipped-packages.js";

const isPython = (runtime: string): boolean => runtime.startsWith("python");

type ImageSource = Extract<CodeSource, { kind: "image" }>;

const ECR_IMAGE = /^\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?\/./;
/** The first major whose runtime refuses callbacks. */
const NO_CALLBACKS_FROM = 24;
const CALLBACK_PARAMETERS = 3;

export async function checkDeployment(application: Application, stateFolder: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const fn of application.functions) {
    try {
      findings.push(...(await checkFunction(fn, application, stateFolder)));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const why = error.why === undefined ? "" : ` (${error.why})`;
      findings.push(breaks(fn, `${error.what}${why}`, error.fix));
    }
  }
  return [
    ...checkTransform(application),
    ...findings,
    ...checkMappings(application),
    ...checkEventSources(application),
    ...checkOutsideAddresses(application),
    ...checkStateMachines(application),
  ];
}

function checkTransform({ lacksTransform }: Application): Finding[] {
  if (lacksTransform !== true) return [];
  const what = "the template has types of SAM's that CloudFormation does not know without it";
  return [{ logicalId: "Transform", severity: "breaks", what, fix: "Add `Transform: AWS::Serverless-2016-10-31`." }];
}

async function checkFunction(
  declared: FunctionConfig,
  application: Application,
  stateFolder: string,
): Promise<Finding[]> {
  const baseFolder = application.sourceFile === undefined ? process.cwd() : dirname(application.sourceFile);
  const fn = await withLayerFolders(declared, () => cacheFolder(baseFolder));
  if (fn.code.kind === "image") return checkImage(fn, fn.code);
  const malformed = malformedHandler(fn);
  if (malformed !== undefined) return [malformed];
  if (fn.code.kind === "folder" && fn.code.origin?.kind === "inline") {
    await prepareFolder(fn, unzip);
    return checkFolder(fn, fn.code.root);
  }
  const code = await functionCode(fn, { baseFolder, without: [stateFolder] });
  if (code.kind === "as-declared") return [];
  const findings: Finding[] = [];
  if (code.kind === "files") {
    checkSize(fn.logicalId, code.files);
    findings.push(...code.notices.map((notice) => differs(fn, notice, "Put them into the folder, or use a layer.")));
  }
  if (fn.code.kind === "bundle") findings.push(...(await checkBundle(fn, baseFolder)));
  else if (fn.code.kind === "folder") findings.push(...(await checkFolder(fn, fn.code.root)));
  return findings;
}

/** CreateFunction takes images of ECR only, and no layers beside them. */
function checkImage(fn: FunctionConfig, { uri, build }: ImageSource): Finding[] {
  const findings: Finding[] = [];
  if (build !== undefined && !existsSync(build.context))
    findings.push(breaks(fn, `its DockerContext is not there: ${build.context}`, "Check Metadata.DockerContext."));
  else if (build !== undefined && !existsSync(join(build.context, build.dockerfile)))
    findings.push(
      breaks(fn, `its Dockerfile is not there: ${join(build.context, build.dockerfile)}`, "Check Metadata.Dockerfile."),
    );
  if (build !== undefined)
    findings.push(
      differs(fn, "`package` does not build images", "`sam build` builds it, and `sam deploy` pushes it to ECR."),
    );
  else if (!ECR_IMAGE.test(uri))
    findings.push(breaks(fn, `${uri} is no image in ECR`, "Push it to ECR in the region of the function."));
  if (fn.layers.length > 0)
    findings.push(breaks(fn, "a container image takes no layers", "Copy what they hold to /opt in the Dockerfile."));
  return findings;
}

/** Lambda: `Runtime.MalformedHandlerName: Bad handler` at INIT. */
function malformedHandler(fn: FunctionConfig): Finding | undefined {
  const isWhole = isPython(fn.runtime) ? /[^.]\.[^./]+$/.test(fn.handler) : splitHandler(fn.handler) !== undefined;
  if (isWhole || !(isPython(fn.runtime) || isNodeRuntime(fn.runtime))) return undefined;
  const example = isPython(fn.runtime) ? "app.lambda_handler" : "index.handler";
  return breaks(
    fn,
    `the handler "${fn.handler}" is malformed: it names no ${fn.handler.includes(".") ? "file" : "function in its file"}`,
    `Write file and function with a dot between them, such as ${example}.`,
  );
}

async function checkBundle(fn: FunctionConfig, baseFolder: string): Promise<Finding[]> {
  if (fn.code.kind !== "bundle") return [];
  const findings: Finding[] = [];
  const { inputs, outside } = await deploymentBuild(fn, baseFolder);
  for (const input of inputs) {
    const slip = caseSlip(baseFolder, input);
    if (slip !== undefined)
      findings.push(
        breaks(
          fn,
          `${slip.written} is ${slip.onDisk} on disk, and letter case counts on Lambda`,
          "Import it as it is spelled on disk.",
        ),
      );
  }
  const tsconfig = unmetDecoratorMetadata(inputs, baseFolder);
  if (tsconfig !== undefined)
    findings.push(
      breaks(
        fn,
        `${tsconfig} sets emitDecoratorMetadata, and esbuild writes no types for decorators: what is injected by type is undefined`,
        "Compile with `tsc` first, and let CodeUri name its output.",
      ),
    );
  for (const name of externalsOf(fn.code))
    if (!name.includes("*") && !isShipped(name, "/", fn.layers) && !isLeftOut(name, outside))
      findings.push(
        breaks(fn, `${name} is External: the ZIP is without it`, "Put it into a layer, or take it out of External."),
      );
  const { samModule } = fn.code;
  if (samModule !== undefined)
    findings.push(
      differs(
        fn,
        `\`sam build\` makes ${samModule}.js of its entry point, without the folders before it, and Handler is ${fn.handler}`,
        `Write Handler: ${samModule}.${splitHandler(fn.handler)?.exportPath ?? "handler"}.`,
      ),
    );
  const file = findHandlerSource(fn.code);
  const program = await handlerProgram(file);
  findings.push(...checkExport(fn, file, program), ...checkCallback(fn, program));
  return findings;
}

async function checkFolder(fn: FunctionConfig, root: string): Promise<Finding[]> {
  if (fn.runtime.startsWith("provided")) return checkBootstrap(fn, root);
  if (isPython(fn.runtime)) return checkPython(fn, root);
  const parts = splitHandler(fn.handler);
  if (!isNodeRuntime(fn.runtime) || parts === undefined) return [];
  const file = findModule(root, parts.module);
  if (file === undefined || !/\.[cm]?js$/.test(file))
    return [
      file === undefined
        ? breaks(fn, `the handler file ${parts.module} is not in ${root}`, "Check Handler; letter case counts.")
        : breaks(
            fn,
            `${file} is shipped as it is, and Lambda loads JavaScript only`,
            "Take SkipBuild out, or build it before.",
          ),
    ];
  const unshipped = await unshippedPackages(file, root, fn.layers);
  const program = await handlerProgram(file, root);
  return [
    ...unshipped.map((name) =>
      breaks(
        fn,
        name === "aws-sdk"
          ? `it imports aws-sdk (SDK v2), which no runtime from nodejs18.x on brings along`
          : `it imports ${name}, which is not in ${root}`,
        name === "aws-sdk"
          ? "Move to @aws-sdk/client-*, or install aws-sdk into the folder."
          : `Install ${name} into the folder, or put it into a layer.`,
      ),
    ),
    // Without its packages the module is not loaded, so nobody looks for the handler.
    ...(unshipped.length > 0 ? [] : checkExport(fn, file, program)),
    ...checkCallback(fn, program),
  ];
}

function checkBootstrap(fn: FunctionConfig, root: string): Finding[] {
  const file = bootstrapFile({ taskRoot: root, layers: fn.layers });
  if (file === undefined)
    return [breaks(fn, `${root} has no file bootstrap`, "Add it: a custom runtime starts with it.")];
  return (statSync(file.hostPath).mode & 0o111) === 0
    ? [breaks(fn, `${file.hostPath} is not executable`, `chmod +x ${file.hostPath}`)]
    : [];
}

/** Only what is certain: a name that stands nowhere in the file cannot be its function. */
function checkPython(fn: FunctionConfig, root: string): Finding[] {
  const dot = fn.handler.lastIndexOf(".");
  const [module, name] = [fn.handler.slice(0, dot).replaceAll(".", "/"), fn.handler.slice(dot + 1)];
  const folders = [root, ...fn.layers.map((layer) => join(layer, "python"))];
  const file = folders
    .flatMap((folder) => [join(folder, `${module}.py`), join(folder, module, "__init__.py")])
    .find((path) => existsSync(path));
  if (file === undefined) {
    const slip = folders
      .map((folder) => caseSlip(folder, join(folder, `${module}.py`)))
      .find((one) => one !== undefined);
    const found = slip === undefined ? "" : `; there is ${slip.onDisk}, but letter case counts`;
    return [breaks(fn, `the handler file ${module}.py is not in ${root}${found}`, "Check CodeUri and Handler.")];
  }
  const text = readFileSync(file, "utf8");
  if (/\bimport\s*\*/.test(text) || new RegExp(`\\b${name}\\b`).test(text)) return [];
  return [breaks(fn, `${file} has no function ${name}`, `Define it, or name the right one in Handler.`)];
}

function checkExport(fn: FunctionConfig, file: string, program: HandlerProgram): Finding[] {
  const wanted = splitHandler(fn.handler)?.exportPath.split(".")[0] ?? "";
  const exported = handlerExports(program);
  if (exported !== undefined && !exported.has(wanted)) {
    const names = [...exported].filter((name) => name !== "__esModule");
    const others = names.length === 0 ? "nothing" : names.join(", ");
    return [
      breaks(
        fn,
        `${file} does not export ${wanted}; it exports ${others}.${didYouMean(wanted, names)}`.replace(/\.$/, ""),
        `Export \`${wanted}\`, or name the right one in Handler.`,
      ),
    ];
  }
  return [];
}

function checkCallback(fn: FunctionConfig, program: HandlerProgram): Finding[] {
  const major = Number(/^nodejs(\d+)/.exec(fn.runtime)?.[1] ?? 0);
  const exportPath = splitHandler(fn.handler)?.exportPath ?? "";
  if (major < NO_CALLBACKS_FROM || exportPath.includes(".")) return [];
  const parameters = handlerParameters(program, exportPath);
  return parameters !== undefined && parameters >= CALLBACK_PARAMETERS
    ? [
        breaks(
          fn,
          `${exportPath} takes a callback, and ${fn.runtime} refuses it at INIT`,
          "Make it async and return the result.",
        ),
      ]
    : [];
}

/** CreateEventSourceMapping refuses a queue that shows a message again while the function still works on it. */
function checkMappings({ eventSources, functions, queues }: Application): Finding[] {
  return eventSources.flatMap((source) => {
    if (source.kind !== "sqs") return [];
    const fn = functions.find(({ logicalId }) => logicalId === source.functionId);
    const queue = queues.find(({ arn }) => arn === source.queueArn);
    if (fn === undefined || queue === undefined || queue.visibilityTimeoutSeconds >= fn.timeoutSeconds) return [];
    const what = `Queue visibility timeout: ${queue.visibilityTimeoutSeconds} seconds is less than Function timeout: ${fn.timeoutSeconds} seconds`;
    return [
      breaks(
        fn,
        what,
        `Give ${queue.logicalId} a VisibilityTimeout of ${6 * fn.timeoutSeconds}: AWS advises six times the timeout.`,
      ),
    ];
  });
}

const breaks = ({ logicalId }: FunctionConfig, what: string, fix: string): Finding => ({
  logicalId,
  severity: "breaks",
  what,
  fix,
});
const differs = ({ logicalId }: FunctionConfig, what: string, fix: string): Finding => ({
  logicalId,
  severity: "differs",
  what,
  fix,
});
