/**
 * The variables that a function finds in its environment, as recorded on AWS (nodejs20.x, Jan 2026), and those that a
 * function may not set itself. AWS Lambda developer guide, "Defined runtime environment variables".
 */
import type { FunctionConfig } from "../config/function-config.js";
import type { Realm } from "../shared/arn.js";

export interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Long-lived keys, which servers other than ours want, have none. */
  readonly sessionToken?: string;
}

export interface EnvironmentPaths {
  readonly task: string;
  readonly opt: string;
  readonly runtime: string;
  readonly tmp: string;
  /** Absolute folder of the language's binary. */
  readonly langBin: string;
}

export interface VariableInputs {
  readonly config: FunctionConfig;
  readonly realm: Realm;
  readonly runtimeApi: string;
  readonly logStream: string;
  readonly paths: EnvironmentPaths;
  readonly credentials: SessionCredentials;
  /** `AWS_ENDPOINT_URL` and its kin, by backend. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** All variables of the runtime process. The function's own come last and win, except over the reserved ones. */
export function runtimeVariables(inputs: VariableInputs): Record<string, string> {
  const { config, paths } = inputs;
  return {
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    PWD: paths.task,
    SHLVL: "0",
    PATH: `${paths.langBin}:/usr/local/bin:/usr/bin/:/bin:/opt/bin`,
    LD_LIBRARY_PATH: `/var/lang/lib:/lib64:/usr/lib64:${paths.runtime}:${paths.runtime}/lib:${paths.task}:${paths.task}/lib:${paths.opt}/lib`,
    ...languageVariables(config.runtime, paths),
    // On Lambda os.tmpdir() is /tmp because TMPDIR is not set; in the portable tier /tmp is elsewhere.
    ...(paths.tmp === "/tmp" ? {} : { TMPDIR: paths.tmp }),
    ...platformVariables(inputs),
    AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
    LAMBDA_TASK_ROOT: paths.task,
    LAMBDA_RUNTIME_DIR: paths.runtime,
    _HANDLER: config.handler,
  };
}

/**
 * Those that a container image gets beside its own: PATH, LANG, LAMBDA_TASK_ROOT and the like are the image's affair,
 * the entry point of AWS's base images makes _HANDLER of its argument.
 */
export function platformVariables(inputs: Omit<VariableInputs, "paths">): Record<string, string> {
  const { config, realm, credentials } = inputs;
  const json = config.logging.format === "JSON";
  return {
    AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1:2000",
    _AWS_XRAY_DAEMON_ADDRESS: "169.254.100.1",
    _AWS_XRAY_DAEMON_PORT: "2000",
    ...inputs.endpoints,
    ...(json ? { AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LAMBDA_LOG_LEVEL: config.logging.applicationLogLevel } : {}),
    ...config.environment,
    AWS_REGION: realm.region,
    AWS_DEFAULT_REGION: realm.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
    AWS_LAMBDA_FUNCTION_NAME: config.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: config.version,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: config.logging.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: inputs.logStream,
    AWS_LAMBDA_RUNTIME_API: inputs.runtimeApi,
  };
}

function languageVariables(runtime: string, paths: EnvironmentPaths): Record<string, string> {
  const node = /^nodejs(\d+)/.exec(runtime)?.[1];
  if (node !== undefined) {
    const own = `${paths.runtime}/node_modules:${paths.runtime}:${paths.task}`;
    return { NODE_PATH: `${paths.opt}/nodejs/node${node}/node_modules:${paths.opt}/nodejs/node_modules:${own}` };
  }
  if (runtime.startsWith("python")) return { PYTHONPATH: paths.runtime };
  return {};
}

/** Extensions see all of the runtime's variables but these (Extensions API, "Environment variables"). */
const HIDDEN_FROM_EXTENSIONS = new Set([
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_XRAY_CONTEXT_MISSING",
  "AWS_XRAY_DAEMON_ADDRESS",
  "_AWS_XRAY_DAEMON_ADDRESS",
  "_AWS_XRAY_DAEMON_PORT",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
  "_HANDLER",
]);

export function extensionVariables(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !HIDDEN_FROM_EXTENSIONS.has(name) && !name.startsWith("LAMBDA_RUN_")),
  );
}
