/**
 * Where an asynchronous event goes when it leaves the queue: the dead-letter queue gets the event, destinations get a
 * record of what happened. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
import { randomUUID } from "node:crypto";
import type { AsyncSettings } from "../../services/lambda/index.js";
import { AwsError } from "../../services/kit/aws-error.js";
import { arnOf, parseArn, parseFunctionArn, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import type { AsyncInvoker } from "./async-invoker.js";
import type { AsyncOutcome } from "./durable-invoker.js";
import type { QueueSender } from "../sqs/queue-sender.js";

/** Rejects with an AwsError when S3 refuses for good. */
export type ObjectWriter = (object: {
  readonly bucket: string;
  readonly key: string;
  readonly body: string;
  readonly traceHeader: string | undefined;
}) => Promise<void>;

export interface DestinationOptions {
  readonly realm: Realm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly invoker: AsyncInvoker;
  readonly settings: (functionName: string, qualifier: string | undefined) => AsyncSettings;
  readonly queues: () => Promise<QueueSender>;
  readonly writeObject: ObjectWriter;
  /** Resolves when deliveries to the rules that match are kept; false: there is no such bus. */
  readonly putEvent: (
    busName: string,
    event: Record<string, unknown>,
    more: { readonly traceHeader?: string },
  ) => Promise<boolean>;
  /** Publishes to a topic. */
  readonly publish: (topicArn: string, message: string, attributes: DeadLetterAttributes | undefined) => Promise<void>;
}

/** What Lambda writes on a dead letter. */
export type DeadLetterAttributes = Readonly<
  Record<
    "RequestID" | "ErrorCode" | "ErrorMessage",
    { readonly dataType: "String" | "Number"; readonly stringValue: string }
  >
>;

/** Topics take no more; Lambda then leaves the payloads out. Lambda API reference, "OnFailure". */
const MAX_TOPIC_RECORD_BYTES = 262_144;
/** "The first 1 KB of the error message." */
const MAX_ERROR_MESSAGE_LENGTH = 1024;

/** Delivers; rejects when it should be tried again. A target that refuses for good is told to the log and dropped. */
export async function deliverOutcome(outcome: AsyncOutcome, options: DestinationOptions): Promise<void> {
  const { functionName, qualifier } = outcome.event;
  const settings = options.settings(functionName, qualifier);
  const succeeded = outcome.condition === "Success";
  const target = succeeded ? settings.onSuccessArn : settings.onFailureArn;
  if (!succeeded && settings.deadLetterTargetArn !== undefined) {
    await guarded(settings.deadLetterTargetArn, options, () =>
      sendDeadLetter(settings.deadLetterTargetArn ?? "", outcome, options),
    );
  }
  if (target !== undefined) await guarded(target, options, () => sendRecord(target, outcome, options));
}

async function guarded(arn: string, { log }: DestinationOptions, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    log.warn(
      { arn, code: error.code, reason: error.message },
      "a destination refused an asynchronous event's record; it is dropped",
    );
  }
}

async function sendDeadLetter(arn: string, outcome: AsyncOutcome, options: DestinationOptions): Promise<void> {
  const attributes: DeadLetterAttributes = {
    RequestID: { dataType: "String", stringValue: outcome.event.requestId },
    ErrorCode: { dataType: "Number", stringValue: outcome.result === undefined ? "429" : "200" },
    ErrorMessage: {
      dataType: "String",
      stringValue: errorMessageOf(outcome).slice(0, MAX_ERROR_MESSAGE_LENGTH) || "unknown",
    },
  };
  switch (parseArn(arn)?.service) {
    case "sqs":
      await (await options.queues()).sendMessage(arn, { body: outcome.event.payload, attributes });
      return;
    case "sns":
      await options.publish(arn, outcome.event.payload, attributes);
      return;
    default:
      refuse(arn, options);
  }
}

async function sendRecord(arn: string, outcome: AsyncOutcome, options: DestinationOptions): Promise<void> {
  const record = invocationRecord(outcome, options.realm, options.clock.now());
  const text = JSON.stringify(record);
  switch (parseArn(arn)?.service) {
    case "sqs":
      await (await options.queues()).sendMessage(arn, { body: text });
      return;
    case "sns": {
      const { requestPayload: _request, responsePayload: _response, ...rest } = record;
      const fits = Buffer.byteLength(text) <= MAX_TOPIC_RECORD_BYTES;
      await options.publish(arn, fits ? text : JSON.stringify(rest), undefined);
      return;
    }
    case "lambda": {
      const { name, qualifier } = parseFunctionArn(arn) ?? { name: "" };
      await options.invoker.enqueue(name, Buffer.from(text), {
        ...(qualifier === undefined ? {} : { qualifier }),
        ...(outcome.event.traceHeader === undefined ? {} : { traceHeader: outcome.event.traceHeader }),
      });
      return;
    }
    case "events": {
      const busName = parseArn(arn)?.resource.split("/").at(-1) ?? "default";
      const { traceHeader } = outcome.event;
      const event = busEvent(arn, record, outcome, options);
      if (!(await options.putEvent(busName, event, traceHeader === undefined ? {} : { traceHeader })))
        throw new AwsError("ResourceNotFoundException", `Event bus ${busName} does not exist.`);
      return;
    }
    case "s3": {
      // The API takes buckets for failures only; a template may name one for successes.
      if (outcome.condition === "Success") return refuse(arn, options);
      const { functionName, traceHeader } = outcome.event;
      const key = recordKey(functionName, options.clock.now());
      return options.writeObject({ bucket: parseArn(arn)?.resource ?? "", key, body: text, traceHeader });
    }
    default:
      refuse(arn, options);
  }
}

/** Lambda developer guide, "Capturing records of Lambda asynchronous invocations": the naming convention of objects. */
function recordKey(functionName: string, nowMs: number): string {
  const [date = "", time = ""] = new Date(nowMs).toISOString().slice(0, 19).split("T");
  const folder = date.replaceAll("-", "/");
  return `aws/lambda/async/${functionName}/${folder}/${date}T${time.replaceAll(":", ".")}-${randomUUID()}`;
}

function refuse(arn: string, { log }: DestinationOptions): void {
  log.warn({ arn }, "lambda-run has no destinations of this kind: the record of an asynchronous event is dropped");
}

/** The record of destinations, as recorded on AWS. */
export function invocationRecord(
  { event, condition, invokeCount, result }: AsyncOutcome,
  realm: Realm,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  return {
    version: "1.0",
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: arnOf.function(realm, event.functionName, event.qualifier ?? "$LATEST"),
      condition,
      approximateInvokeCount: invokeCount,
    },
    requestPayload: parsed(event.payload),
    ...(result === undefined
      ? {}
      : {
          responseContext: {
            statusCode: 200,
            executedVersion: result.executedVersion,
            ...(result.functionError === undefined ? {} : { functionError: result.functionError }),
          },
          responsePayload: parsed(result.payload.toString("utf8")),
        }),
  };
}

function busEvent(
  busArn: string,
  detail: Readonly<Record<string, unknown>>,
  { event, condition }: AsyncOutcome,
  { realm, clock }: DestinationOptions,
): Record<string, unknown> {
  return {
    version: "0",
    id: randomUUID(),
    "detail-type": `Lambda Function Invocation Result - ${condition === "Success" ? "Success" : "Failure"}`,
    source: "lambda",
    account: realm.accountId,
    time: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
    region: realm.region,
    resources: [busArn, arnOf.function(realm, event.functionName, event.qualifier ?? "$LATEST")],
    detail,
  };
}

function errorMessageOf({ result, condition }: AsyncOutcome): string {
  if (result === undefined) return condition === "ZeroReservedConcurrency" ? "Rate Exceeded." : condition;
  const body = parsed(result.payload.toString("utf8"));
  if (typeof body === "object" && body !== null && "errorMessage" in body) return String(body.errorMessage);
  return result.payload.toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
