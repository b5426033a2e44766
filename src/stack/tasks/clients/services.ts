/**
 * The services that `aws-sdk:` integrations reach: those that lambda-run embeds, which may also be on other servers.
 * The names are those of the resource ARN and of version 2 of the AWS SDK for Java, which Step Functions shows in errors.
 * https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
import type { ServiceName } from "../../backends/endpoints.js";
import type { JsonApi } from "./json-client.js";
import type { SdkPackage } from "./sdk-client.js";

export interface SdkService {
  /** `DynamoDb` of `DynamoDb.ConditionalCheckFailedException`. */
  readonly name: string;
  readonly backend: ServiceName;
  readonly client: { readonly sdk: SdkPackage } | { readonly json: JsonApi } | { readonly rest: "scheduler" };
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const NONE: ReadonlySet<string> = new Set();

/** Of the protocol, not of any API. */
const COMMON_ERRORS =
  "ValidationException AccessDeniedException UnrecognizedClientException UnknownOperationException ThrottlingException " +
  "InvalidSignatureException MissingAuthenticationTokenException SerializationException InternalFailure InternalServerError " +
  "ExpiredTokenException IncompleteSignature";

const LOGS: JsonApi = {
  target: "Logs_20140328",
  version: "1.1",
  scope: "logs",
  camelCase: true,
  dates: NONE,
  maps: names("Tags"),
  texts: names("Message"),
  // ValidationException is an error of this API.
  unmodeled: names(COMMON_ERRORS.replace("ValidationException ", "").replace("ThrottlingException ", "")),
};

const STATES: JsonApi = {
  target: "AWSStepFunctions",
  version: "1.0",
  scope: "states",
  camelCase: true,
  dates: names("StartDate StopDate CreationDate UpdateDate RedriveDate Timestamp"),
  maps: NONE,
  texts: names("Input Output Definition"),
  unmodeled: names(COMMON_ERRORS.replace("ValidationException ", "")),
};

const EVENTS: JsonApi = {
  target: "AWSEvents",
  version: "1.1",
  scope: "events",
  camelCase: false,
  dates: names("Time CreationTime LastModifiedTime EventStartTime EventEndTime ReplayStartTime ReplayEndTime"),
  maps: names("InputPathsMap HeaderParameters QueryStringParameters"),
  texts: names("Detail EventPattern Event Input"),
  unmodeled: names(COMMON_ERRORS),
};

const CLOUDWATCH: JsonApi = {
  target: "GraniteServiceVersion20100801",
  version: "1.0",
  scope: "monitoring",
  camelCase: false,
  dates: names(
    "Timestamp StartTime EndTime StateUpdatedTimestamp AlarmConfigurationUpdatedTimestamp LastModified StateTransitionedTimestamp",
  ),
  maps: NONE,
  texts: names("DashboardBody StateReasonData"),
  unmodeled: names(COMMON_ERRORS),
};

const KINESIS: JsonApi = {
  target: "Kinesis_20131202",
  version: "1.1",
  scope: "kinesis",
  camelCase: false,
  dates: names("Timestamp ApproximateArrivalTimestamp StreamCreationTimestamp ConsumerCreationTimestamp"),
  maps: names("Tags"),
  texts: NONE,
  // ValidationException is an error of this API.
  unmodeled: names(COMMON_ERRORS.replace("ValidationException ", "").replace("AccessDeniedException ", "")),
};

/** By the name in the resource ARN. */
export const SDK_SERVICES: ReadonlyMap<string, SdkService> = new Map<string, SdkService>([
  ["s3", { name: "S3", backend: "s3", client: { sdk: { name: "S3", load: () => import("@aws-sdk/client-s3") } } }],
  ["sqs", { name: "Sqs", backend: "sqs", client: { sdk: { name: "SQS", load: () => import("@aws-sdk/client-sqs") } } }],
  ["sns", { name: "Sns", backend: "sns", client: { sdk: { name: "SNS", load: () => import("@aws-sdk/client-sns") } } }],
  [
    "dynamodb",
    {
      name: "DynamoDb",
      backend: "dynamodb",
      client: { sdk: { name: "DynamoDB", load: () => import("@aws-sdk/client-dynamodb") } },
    },
  ],
  [
    "lambda",
    {
      name: "Lambda",
      backend: "lambda",
      client: { sdk: { name: "Lambda", load: () => import("@aws-sdk/client-lambda") } },
    },
  ],
  [
    "secretsmanager",
    {
      name: "SecretsManager",
      backend: "secretsmanager",
      client: { sdk: { name: "SecretsManager", load: () => import("@aws-sdk/client-secrets-manager") } },
    },
  ],
  ["ssm", { name: "Ssm", backend: "ssm", client: { sdk: { name: "SSM", load: () => import("@aws-sdk/client-ssm") } } }],
  ["sts", { name: "Sts", backend: "sts", client: { sdk: { name: "STS", load: () => import("@aws-sdk/client-sts") } } }],
  ["cloudwatchlogs", { name: "CloudWatchLogs", backend: "logs", client: { json: LOGS } }],
  ["cloudwatch", { name: "CloudWatch", backend: "cloudwatch", client: { json: CLOUDWATCH } }],
  ["sfn", { name: "Sfn", backend: "states", client: { json: STATES } }],
  ["eventbridge", { name: "EventBridge", backend: "events", client: { json: EVENTS } }],
  ["kinesis", { name: "Kinesis", backend: "kinesis", client: { json: KINESIS } }],
  ["scheduler", { name: "Scheduler", backend: "scheduler", client: { rest: "scheduler" } }],
]);
