/** Reserved concurrency, recursion, runtime management, account. Lambda API reference. */
import { LAMBDA } from "../../../shared/aws-limits.js";
import { numberMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import {
  functionArn,
  referenceOf,
  requireFunction,
  requireVersion,
  type Answer,
  type Call,
  type LambdaContext,
  type Route,
} from "../context.js";
import { accountLimit, functionNotFound, invalidParameter } from "../errors.js";
import type { SettingsRecord } from "../records.js";

/** Lambda keeps this much for functions without a reservation. */
export const MIN_UNRESERVED = 100;
const CODE_SIZE_LIMIT_BYTES = 80_530_636_800;

export const CAPACITY_ROUTES: readonly Route[] = [
  {
    method: "PUT",
    path: "/2017-10-31/functions/{FunctionName}/concurrency",
    name: "PutFunctionConcurrency",
    run: putConcurrency,
  },
  {
    method: "DELETE",
    path: "/2017-10-31/functions/{FunctionName}/concurrency",
    name: "DeleteFunctionConcurrency",
    run: deleteConcurrency,
  },
  {
    method: "GET",
    path: "/2019-09-30/functions/{FunctionName}/concurrency",
    name: "GetFunctionConcurrency",
    run: getConcurrency,
  },
  { method: "GET", path: "/2016-08-19/account-settings", name: "GetAccountSettings", run: getAccountSettings },
  {
    method: "PUT",
    path: "/2024-08-31/functions/{FunctionName}/recursion-config",
    name: "PutFunctionRecursionConfig",
    run: putRecursion,
  },
  {
    method: "GET",
    path: "/2024-08-31/functions/{FunctionName}/recursion-config",
    name: "GetFunctionRecursionConfig",
    run: getRecursion,
  },
  {
    method: "PUT",
    path: "/2021-07-20/functions/{FunctionName}/runtime-management-config",
    name: "PutRuntimeManagementConfig",
    run: putRuntimeManagement,
  },
  {
    method: "GET",
    path: "/2021-07-20/functions/{FunctionName}/runtime-management-config",
    name: "GetRuntimeManagementConfig",
    run: getRuntimeManagement,
  },
];

async function putConcurrency(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  if (qualifier !== undefined) {
    throw invalidParameter(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
    );
  }
  const record = context.directory.latest(name);
  if (record === undefined) throw functionNotFound(functionArn(context, name, "$LATEST"));
  const wanted = numberMember(input, "ReservedConcurrentExecutions");
  const provisioned = provisionedOf(context, name);
  if (provisioned > (wanted ?? 0)) {
    throw accountLimit(
      ` ReservedConcurrentExecutions  ${wanted} should not be lower than function's total provisioned concurrency [${provisioned}].`,
    );
  }
  if (unreserved(context, name) - (wanted ?? 0) < MIN_UNRESERVED) {
    throw accountLimit(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${MIN_UNRESERVED}].`,
    );
  }
  await reserve(context, name, wanted);
  return { body: { ReservedConcurrentExecutions: wanted } };
}

async function reserve(context: LambdaContext, name: string, reservedConcurrency: number | undefined): Promise<void> {
  const record = requireFunction(context, name);
  await context.directory.reserve(record, reservedConcurrency);
}

/** Of all versions and aliases, `except` not counted. */
export function provisionedOf({ rows }: LambdaContext, name: string, except?: string): number {
  const entries = Object.entries(rows.get("settings", name)?.provisioned ?? {});
  return entries.reduce((sum, [part, { requested }]) => (part === except ? sum : sum + requested), 0);
}

/** What the account has left, `except` not counted. */
export function unreserved({ directory }: LambdaContext, except?: string): number {
  const reserved = directory.all().filter(({ config }) => config.name !== except);
  return LAMBDA.accountConcurrency - reserved.reduce((sum, { config }) => sum + (config.reservedConcurrency ?? 0), 0);
}

async function deleteConcurrency(call: Call): Promise<Answer> {
  await reserve(call.context, referenceOf(call).name, undefined);
  return { status: 204 };
}

function getConcurrency(call: Call): Answer {
  const { config } = requireFunction(call.context, referenceOf(call).name);
  return {
    body: config.reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: config.reservedConcurrency },
  };
}

export async function changeSettings(
  context: LambdaContext,
  name: string,
  change: (settings: SettingsRecord) => SettingsRecord,
): Promise<void> {
  const { fromTemplate } = requireFunction(context, name);
  await context.rows.put("settings", name, "", change(context.rows.get("settings", name) ?? {}), {
    durable: !fromTemplate,
  });
}

function getAccountSettings({ context }: Call): Answer {
  const functions = context.directory.all();
  const { directory, rows } = context;
  const packages = [
    ...functions,
    ...functions.flatMap(({ config }) => directory.versions(config.name)),
    ...rows.namesOf("layer").flatMap((name) => rows.partsOf("layer", name).map(([, layer]) => layer)),
  ];
  return {
    body: {
      AccountLimit: {
        TotalCodeSize: CODE_SIZE_LIMIT_BYTES,
        CodeSizeUnzipped: LAMBDA.unzippedPackageBytes,
        CodeSizeZipped: LAMBDA.zippedPackageBytes,
        ConcurrentExecutions: LAMBDA.accountConcurrency,
        UnreservedConcurrentExecutions: unreserved(context),
      },
      AccountUsage: {
        TotalCodeSize: packages.reduce((sum, { codeSizeBytes }) => sum + codeSizeBytes, 0),
        FunctionCount: functions.length,
      },
    },
  };
}

async function putRecursion(call: Call): Promise<Answer> {
  const wanted = stringMember(call.input, "RecursiveLoop");
  const recursiveLoop = wanted === "Allow" ? "Allow" : "Terminate";
  await changeSettings(call.context, referenceOf(call).name, (settings) => ({ ...settings, recursiveLoop }));
  return { body: { RecursiveLoop: recursiveLoop } };
}

function getRecursion(call: Call): Answer {
  const { name } = referenceOf(call);
  requireFunction(call.context, name);
  return { body: { RecursiveLoop: call.context.directory.endsRecursion(name) ? "Terminate" : "Allow" } };
}

async function putRuntimeManagement(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  const updateOn = stringMember(input, "UpdateRuntimeOn");
  if (updateOn === "Manual" && input["RuntimeVersionArn"] === undefined)
    throw invalidParameter("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.");
  const { version } = requireVersion(context, { name, qualifier }).config;
  const chosen: JsonObject = {
    UpdateRuntimeOn: updateOn,
    ...(input["RuntimeVersionArn"] === undefined ? {} : { RuntimeVersionArn: input["RuntimeVersionArn"] }),
  };
  await changeSettings(context, name, (settings) => ({
    ...settings,
    runtimeManagement: { ...settings.runtimeManagement, [version]: chosen },
  }));
  return { body: { FunctionArn: functionArn(context, name, qualifier), ...chosen } };
}

function getRuntimeManagement(call: Call): Answer {
  const { context } = call;
  const { name, qualifier } = referenceOf(call);
  const { version } = requireVersion(context, { name, qualifier }).config;
  return {
    body: {
      FunctionArn: functionArn(context, name, qualifier ?? "$LATEST"),
      ...(context.rows.get("settings", name)?.runtimeManagement?.[version] ?? { UpdateRuntimeOn: "Auto" }),
    },
  };
}
