/**
 * Provisioned concurrency: kept and shown; environments here start at the first call whatever it says.
 * https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
 */
import { AwsError } from "../../kit/aws-error.js";
import { numberMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import {
  functionArn,
  page,
  referenceOf,
  requireFunction,
  requireVersion,
  type Answer,
  type Call,
  type Route,
} from "../context.js";
import { LATEST } from "../directory.js";
import { accountLimit, conflict, invalidParameter, resourceNotFound } from "../errors.js";
import type { SettingsRecord } from "../records.js";
import { changeSettings, MIN_UNRESERVED, provisionedOf, unreserved } from "./capacity.js";

const PATH = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency";

export const PROVISIONED_ROUTES: readonly Route[] = [
  { method: "PUT", path: PATH, name: "PutProvisionedConcurrencyConfig", run: put },
  { method: "GET", path: PATH, query: "List=ALL", name: "ListProvisionedConcurrencyConfigs", run: list },
  { method: "GET", path: PATH, name: "GetProvisionedConcurrencyConfig", run: get },
  { method: "DELETE", path: PATH, name: "DeleteProvisionedConcurrencyConfig", run: remove },
];

type Entries = NonNullable<SettingsRecord["provisioned"]>;

const entriesOf = ({ context }: Call, name: string): Entries => context.rows.get("settings", name)?.provisioned ?? {};

/** A version or an alias that is there. */
function targetOf(call: Call, latestText: string): { readonly name: string; readonly qualifier: string } {
  const { context } = call;
  const { name, qualifier = LATEST } = referenceOf(call);
  if (qualifier === LATEST) throw invalidParameter(latestText);
  if (/^\d+$/.test(qualifier)) requireVersion(context, { name, qualifier });
  else if (context.directory.alias(name, qualifier) === undefined)
    throw resourceNotFound(`Cannot find alias arn: ${functionArn(context, name, qualifier)}`);
  return { name, qualifier };
}

async function put(call: Call): Promise<Answer> {
  const { context, input } = call;
  const requested = numberMember(input, "ProvisionedConcurrentExecutions");
  const { name, qualifier } = targetOf(
    call,
    "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
  );
  checkSharing(call, name, qualifier);
  checkReserved(call, name, qualifier, requested ?? 0);
  checkAccount(call, requested ?? 0);
  const entry = { requested: requested ?? 0, lastModified: context.directory.timestamp() };
  await changeSettings(context, name, (settings) => ({
    ...settings,
    provisioned: { ...settings.provisioned, [qualifier]: entry },
  }));
  return { status: 202, body: view(entry, "IN_PROGRESS") };
}

/** A version and an alias that points to it cannot both have a configuration. */
function checkSharing(call: Call, name: string, qualifier: string): void {
  const { directory } = call.context;
  const entries = entriesOf(call, name);
  const version = directory.alias(name, qualifier)?.version;
  if (version !== undefined && version in entries)
    throw conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
  if (directory.aliases(name).some((alias) => alias.version === qualifier && alias.name in entries))
    throw conflict("Version is pointed by a Provisioned Concurrency alias");
}

function checkReserved({ context }: Call, name: string, qualifier: string, requested: number): void {
  const reserved = context.directory.latest(name)?.config.reservedConcurrency;
  if (reserved !== undefined && provisionedOf(context, name, qualifier) + requested > reserved)
    throw invalidParameter(
      "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
    );
}

function checkAccount({ context }: Call, requested: number): void {
  const left = unreserved(context);
  if (requested > left)
    throw accountLimit(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${left}].`,
    );
  if (left - requested < MIN_UNRESERVED)
    throw accountLimit(
      `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${MIN_UNRESERVED}].`,
    );
}

function view({ requested, lastModified }: Entries[string], status: "IN_PROGRESS" | "READY"): JsonObject {
  const ready = status === "READY" ? requested : 0;
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: ready,
    AllocatedProvisionedConcurrentExecutions: ready,
    Status: status,
    // Told to the second.
    LastModified: lastModified.replace(/\.\d{3}/, ""),
  };
}

const UNPUBLISHED = "The function resource provided must be an alias or a published version.";

function get(call: Call): Answer {
  const { name, qualifier } = targetOf(call, UNPUBLISHED);
  const entry = entriesOf(call, name)[qualifier];
  if (entry === undefined) {
    const text = "No Provisioned Concurrency Config found for this function";
    throw new AwsError("ProvisionedConcurrencyConfigNotFoundException", text, {
      statusCode: 404,
      members: { Type: "User" },
    });
  }
  return { body: view(entry, "READY") };
}

function list(call: Call): Answer {
  const { context, query } = call;
  const { name } = referenceOf(call);
  requireFunction(context, name);
  const { rows, next } = page(Object.entries(entriesOf(call, name)), query, 50);
  const configs = rows.map(([part, entry]) => ({
    FunctionArn: functionArn(context, name, part),
    ...view(entry, "READY"),
  }));
  return { body: { ProvisionedConcurrencyConfigs: configs, ...next } };
}

async function remove(call: Call): Promise<Answer> {
  const { name, qualifier } = targetOf(call, UNPUBLISHED);
  await changeSettings(call.context, name, ({ provisioned = {}, ...settings }) => {
    const { [qualifier]: _gone, ...rest } = provisioned;
    return { ...settings, provisioned: rest };
  });
  return { status: 204 };
}
