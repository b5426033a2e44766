/** What happens to asynchronous invocations. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html */
import { parseArn } from "../../../shared/arn.js";
import { numberMember, objectMember, stringMember } from "../../kit/json-input.js";
import type { AwsError } from "../../kit/aws-error.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { functionArn, page, referenceOf, type Answer, type Call, type LambdaContext, type Route } from "../context.js";
import { LATEST } from "../directory.js";
import { invalidParameter, resourceNotFound } from "../errors.js";
import type { EventInvokeRecord, FunctionRecord } from "../records.js";
import { eventInvokeView } from "../view.js";

const PATH = "/2019-09-25/functions/{FunctionName}/event-invoke-config";
/** On failure S3 is allowed on AWS too; here it is refused by name. */
const DESTINATIONS = new Set(["sqs", "sns", "lambda", "events"]);

export const EVENT_INVOKE_ROUTES: readonly Route[] = [
  { method: "PUT", path: PATH, name: "PutFunctionEventInvokeConfig", run: (call) => store(call, {}) },
  {
    method: "POST",
    path: PATH,
    name: "UpdateFunctionEventInvokeConfig",
    run: (call) => {
      checkInput(call);
      requireTarget(call);
      return store(call, requireRow(call));
    },
  },
  { method: "GET", path: PATH, name: "GetFunctionEventInvokeConfig", run: get },
  { method: "DELETE", path: PATH, name: "DeleteFunctionEventInvokeConfig", run: remove },
  { method: "GET", path: `${PATH}/list`, name: "ListFunctionEventInvokeConfigs", run: list },
];

/** Before anything is looked for. */
function checkInput({ input }: Call): void {
  const attempts = numberMember(input, "MaximumRetryAttempts");
  const ageSeconds = numberMember(input, "MaximumEventAgeInSeconds");
  const destinations = objectMember(input, "DestinationConfig");
  if (attempts === undefined && ageSeconds === undefined && destinations === undefined) {
    throw invalidParameter("You must specify at least one of error handling or destination setting.");
  }
}

function requireTarget(call: Call): FunctionRecord {
  const { directory } = call.context;
  const { name, qualifier = LATEST } = referenceOf(call);
  const record = directory.latest(name);
  if (record === undefined || directory.resolve(name, qualifier) === undefined)
    throw resourceNotFound("The function doesn't exist.");
  return record;
}

async function store(call: Call, current: Partial<EventInvokeRecord>): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  checkInput(call);
  const attempts = numberMember(input, "MaximumRetryAttempts");
  const ageSeconds = numberMember(input, "MaximumEventAgeInSeconds");
  const destinations = objectMember(input, "DestinationConfig");
  const record = requireTarget(call);
  const row: EventInvokeRecord = {
    ...current,
    ...(attempts === undefined ? {} : { maximumRetryAttempts: attempts }),
    ...(ageSeconds === undefined ? {} : { maximumEventAgeSeconds: ageSeconds }),
    ...(destinations === undefined ? {} : destinationsOf(context, destinations, name)),
    lastModifiedMs: context.clock.now(),
  };
  await context.rows.put("eventInvoke", name, qualifier ?? LATEST, row, { durable: !record.fromTemplate });
  return { body: eventInvokeView(functionArn(context, name, qualifier ?? LATEST), row) };
}

function destinationsOf(
  { directory }: LambdaContext,
  input: JsonObject,
  ownName: string,
): { readonly onSuccessArn?: string | undefined; readonly onFailureArn?: string | undefined } {
  const onSuccessArn = destinationOf(input, "OnSuccess");
  const onFailureArn = destinationOf(input, "OnFailure");
  for (const arn of [onFailureArn, onSuccessArn]) {
    if (arn === undefined) continue;
    const { service, resource = "" } = parseArn(arn) ?? {};
    // A bucket takes records of failures only.
    if (service === "s3" && arn === onFailureArn && arn !== onSuccessArn) continue;
    if (service === undefined || !DESTINATIONS.has(service) || isOrdered(service, resource))
      throw invalidDestinations(onSuccessArn, onFailureArn);
    if (service !== "lambda") continue;
    const [, name = ""] = resource.split(":");
    if (directory.latest(name) === undefined) throw invalidParameter(`The destination ARN ${arn} is invalid.`);
    if (name === ownName) throw invalidParameter("You can't specify the function as a destination for itself.");
  }
  // A side that is sent without a destination takes away the one that it had.
  return {
    ...(input["OnSuccess"] === undefined ? {} : { onSuccessArn }),
    ...(input["OnFailure"] === undefined ? {} : { onFailureArn }),
  };
}

/** Queues and topics with an order take no records. */
const isOrdered = (service: string, resource: string): boolean =>
  (service === "sqs" || service === "sns") && resource.endsWith(".fifo");

function destinationOf(input: JsonObject | undefined, member: "OnSuccess" | "OnFailure"): string | undefined {
  const arn = stringMember(objectMember(input ?? {}, member) ?? {}, "Destination");
  return arn === "" ? undefined : arn;
}

function invalidDestinations(onSuccess: string | undefined, onFailure: string | undefined): AwsError {
  const shown = (name: string, arn: string | undefined): string =>
    arn === undefined ? "null" : `${name}(destination=${arn})`;
  return invalidParameter(
    `The provided destination config DestinationConfig(onSuccess=${shown("OnSuccess", onSuccess)}, onFailure=${shown("OnFailure", onFailure)}) is invalid.`,
  );
}

function requireRow(call: Call): EventInvokeRecord {
  const { context } = call;
  const { name, qualifier = LATEST } = referenceOf(call);
  const row = context.rows.get("eventInvoke", name, qualifier) ?? declared(call, name, qualifier);
  if (row === undefined)
    throw resourceNotFound(`The function ${functionArn(context, name, qualifier)} doesn't have an EventInvokeConfig`);
  return row;
}

/** What the template says about calls with this qualifier. */
function declared({ context }: Call, name: string, qualifier: string): EventInvokeRecord | undefined {
  const own = context.directory.templateAsync(name, qualifier);
  if (own === undefined) return undefined;
  const { maximumRetryAttempts, maximumEventAgeSeconds, onSuccessArn, onFailureArn } = own;
  return {
    maximumRetryAttempts,
    maximumEventAgeSeconds,
    ...(onSuccessArn === undefined ? {} : { onSuccessArn }),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
    lastModifiedMs: context.clock.now(),
  };
}

function get(call: Call): Answer {
  const { name, qualifier } = referenceOf(call);
  return { body: eventInvokeView(functionArn(call.context, name, qualifier ?? LATEST), requireRow(call)) };
}

async function remove(call: Call): Promise<Answer> {
  const { name, qualifier } = referenceOf(call);
  requireRow(call);
  await call.context.rows.remove("eventInvoke", name, qualifier ?? LATEST);
  await call.context.directory.forget(name, `eventInvoke:${qualifier ?? LATEST}`);
  return { status: 204 };
}

function list(call: Call): Answer {
  const { context, query } = call;
  const { name } = referenceOf(call);
  const { config } = requireTarget(call);
  const stored = context.rows.partsOf("eventInvoke", name);
  const template = Object.keys(config.eventInvoke ?? {})
    .toSorted()
    .flatMap((part) => {
      const row = stored.some(([other]) => other === part) ? undefined : declared(call, name, part);
      return row === undefined ? [] : [[part, row] as const];
    });
  const { rows, next } = page([...stored, ...template], query, 50);
  return {
    body: {
      FunctionEventInvokeConfigs: rows.map(([part, row]) => eventInvokeView(functionArn(context, name, part), row)),
      ...next,
    },
  };
}
