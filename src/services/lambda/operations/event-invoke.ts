/** What happens to asynchronous invocations. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html */
import { parseArn } from "../../../shared/arn.js";
import { numberMember, objectMember, stringMember, Violations } from "../../kit/json-input.js";
import { functionArn, page, referenceOf, requireVersion, type Answer, type Call, type Route } from "../context.js";
import { LATEST } from "../directory.js";
import { functionNotFound, invalidParameter, resourceNotFound } from "../errors.js";
import type { EventInvokeRecord } from "../records.js";
import { eventInvokeView } from "../view.js";

const PATH = "/2019-09-25/functions/{FunctionName}/event-invoke-config";
/** On failure S3 is allowed on AWS too; here it is refused by name. */
const DESTINATIONS = new Set(["sqs", "sns", "lambda", "events"]);

export const EVENT_INVOKE_ROUTES: readonly Route[] = [
  { method: "PUT", path: PATH, name: "PutFunctionEventInvokeConfig", run: (call) => store(call, {}) },
  { method: "POST", path: PATH, name: "UpdateFunctionEventInvokeConfig", run: (call) => store(call, requireRow(call)) },
  { method: "GET", path: PATH, name: "GetFunctionEventInvokeConfig", run: get },
  { method: "DELETE", path: PATH, name: "DeleteFunctionEventInvokeConfig", run: remove },
  { method: "GET", path: `${PATH}/list`, name: "ListFunctionEventInvokeConfigs", run: list },
];

async function store(call: Call, current: Partial<EventInvokeRecord>): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  const attempts = numberMember(input, "MaximumRetryAttempts");
  const ageSeconds = numberMember(input, "MaximumEventAgeInSeconds");
  const faults = new Violations();
  faults.range(attempts, "maximumRetryAttempts", 0, 2);
  faults.range(ageSeconds, "maximumEventAgeInSeconds", 60, 21_600);
  faults.check();
  const destinations = objectMember(input, "DestinationConfig");
  if (attempts === undefined && ageSeconds === undefined && destinations === undefined) {
    throw invalidParameter("You must specify at least one of error handling or destination setting.");
  }
  if (context.directory.latest(name) === undefined)
    throw functionNotFound(functionArn(context, name, qualifier ?? LATEST));
  const { fromTemplate } = requireVersion(context, { name, qualifier });
  const row: EventInvokeRecord = {
    ...current,
    ...(attempts === undefined ? {} : { maximumRetryAttempts: attempts }),
    ...(ageSeconds === undefined ? {} : { maximumEventAgeSeconds: ageSeconds }),
    ...(destinations === undefined ? {} : destinationsOf(destinations, functionArn(context, name, qualifier))),
    lastModifiedMs: context.clock.now(),
  };
  await context.rows.put("eventInvoke", name, qualifier ?? LATEST, row, { durable: !fromTemplate });
  return { body: eventInvokeView(functionArn(context, name, qualifier ?? LATEST), row) };
}

function destinationsOf(
  input: Record<string, unknown>,
  ownArn: string,
): Pick<EventInvokeRecord, "onSuccessArn" | "onFailureArn"> {
  const read = (member: "OnSuccess" | "OnFailure"): string | undefined => {
    const arn = stringMember(objectMember(input, member) ?? {}, "Destination");
    if (arn === undefined || arn === "") return undefined;
    const service = parseArn(arn)?.service;
    if (service === undefined || !DESTINATIONS.has(service))
      throw invalidParameter(
        `The destination ${arn} is not emulated by lambda-run; queues, topics, functions and event buses are.`,
      );
    if (arn === ownArn) throw invalidParameter("You can't specify the function as a destination for itself.");
    return arn;
  };
  const onSuccessArn = read("OnSuccess");
  const onFailureArn = read("OnFailure");
  return {
    ...(onSuccessArn === undefined ? {} : { onSuccessArn }),
    ...(onFailureArn === undefined ? {} : { onFailureArn }),
  };
}

function requireRow(call: Call): EventInvokeRecord {
  const { context } = call;
  const { name, qualifier = LATEST } = referenceOf(call);
  const row = context.rows.get("eventInvoke", name, qualifier) ?? declared(call, name, qualifier);
  if (row === undefined)
    throw resourceNotFound(`The function ${functionArn(context, name, qualifier)} doesn't have an EventInvokeConfig`);
  return row;
}

/** What the template says about the function. */
function declared({ context }: Call, name: string, qualifier: string): EventInvokeRecord | undefined {
  const own = context.directory.latest(name);
  if (qualifier !== LATEST || own?.config.asyncInvoke === undefined || !own.fromTemplate) return undefined;
  const { maximumRetryAttempts, maximumEventAgeSeconds, onSuccessArn, onFailureArn } = own.config.asyncInvoke;
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
  return { status: 204 };
}

function list(call: Call): Answer {
  const { context, query } = call;
  const { name } = referenceOf(call);
  requireVersion(context, { name, qualifier: undefined });
  const stored = context.rows.partsOf("eventInvoke", name);
  const template = stored.some(([part]) => part === LATEST) ? undefined : declared(call, name, LATEST);
  const all = [...stored, ...(template === undefined ? [] : [[LATEST, template] as const])];
  const { rows, next } = page(all, query, 50);
  return {
    body: {
      FunctionEventInvokeConfigs: rows.map(([part, row]) => eventInvokeView(functionArn(context, name, part), row)),
      ...next,
    },
  };
}
