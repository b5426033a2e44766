/** What API Gateway does with a request that it does not hand on as it is, as the application has it. */
import type { FunctionTarget } from "./event-source.js";

/** What to answer, always the same. */
export interface FixedIntegration {
  readonly kind: "fixed";
  readonly statusCode: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** One of the answers that an integration of a REST API may lead to. */
export interface IntegrationResponse {
  /** Of the statuses, or of a function's error messages, that it is for; empty = all others. */
  readonly pattern: string;
  readonly statusCode: number;
  /** `method.response.header.X` = `'text'`, `integration.response.header.Y` ... */
  readonly parameters: Readonly<Record<string, string>>;
  /** By media type. */
  readonly templates: Readonly<Record<string, string>>;
  readonly contentHandling: ContentHandling | undefined;
}

export type ContentHandling = "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";

/** Of a REST API, with mappings before and after. */
export interface MappedIntegration {
  readonly kind: "mapped";
  readonly type: "MOCK" | "AWS" | "HTTP" | "HTTP_PROXY";
  readonly uri: string;
  /** Of what is called; upper case. */
  readonly httpMethod: string;
  /** Where the URI names a function. */
  readonly function: FunctionTarget | undefined;
  /** `integration.request.header.X` = `method.request.querystring.y` ... */
  readonly requestParameters: Readonly<Record<string, string>>;
  /** By media type. */
  readonly requestTemplates: Readonly<Record<string, string>>;
  readonly passthrough: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  readonly contentHandling: ContentHandling | undefined;
  readonly timeoutMs: number;
  readonly responses: readonly IntegrationResponse[];
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html */
export const SERVICE_SUBTYPES = [
  "EventBridge-PutEvents",
  "Kinesis-PutRecord",
  "SQS-DeleteMessage",
  "SQS-PurgeQueue",
  "SQS-ReceiveMessage",
  "SQS-SendMessage",
  "StepFunctions-StartExecution",
  "StepFunctions-StartSyncExecution",
  "StepFunctions-StopExecution",
] as const;
export type ServiceSubtype = (typeof SERVICE_SUBTYPES)[number];

/** A service that an HTTP API calls itself. */
export interface ServiceIntegration {
  readonly kind: "service";
  readonly subtype: ServiceSubtype;
  /** Parameters of the call: `$request.body.x`, or as they are. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly responseParameters: UrlIntegration["responseParameters"];
  readonly timeoutMs: number;
}

/** HTTP_PROXY of an HTTP API. */
export interface UrlIntegration {
  readonly kind: "url";
  readonly uri: string;
  /** Upper case, or `ANY`. */
  readonly httpMethod: string;
  /** `append:header.x` = `$request.querystring.y` ... */
  readonly parameters: Readonly<Record<string, string>>;
  /** By status of the answer: the same of answers. */
  readonly responseParameters: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly timeoutMs: number;
}

export type RouteIntegration = FixedIntegration | MappedIntegration | ServiceIntegration | UrlIntegration;
