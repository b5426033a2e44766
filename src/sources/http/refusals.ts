/**
 * What the front doors answer by themselves, in the words of each. Texts as recorded for REST, those of denials as clients have
 * published them since 2025; for HTTP APIs unverified.
 */
import { jsonAnswer, type HeaderLine, type HttpAnswer } from "./message.js";

export type DoorKind = "rest" | "http" | "url";

export type RefusalName =
  | "no-route"
  | "function-failed"
  | "no-function"
  | "timeout"
  | "throttled-function"
  | "no-base64"
  | "too-large"
  | "throttled"
  | "quota"
  | "forbidden"
  | "denied"
  | "denied-explicitly"
  | "unauthorized"
  | "authorizer-failed"
  | "bad-parameters"
  | "bad-body"
  | "bad-request"
  | "misconfigured"
  | "no-connection"
  | "unsupported-type";

interface Text {
  readonly status: number;
  readonly message: string | null;
  readonly type: string;
  /** Some of REST's answers spell it with a capital. */
  readonly key?: "Message";
}

const REST: Readonly<Record<RefusalName, Text>> = {
  "no-route": { status: 403, message: "Missing Authentication Token", type: "MissingAuthenticationTokenException" },
  "function-failed": { status: 502, message: "Internal server error", type: "InternalServerErrorException" },
  "no-function": { status: 500, message: "Internal server error", type: "InternalServerErrorException" },
  timeout: { status: 504, message: "Endpoint request timed out", type: "InternalServerErrorException" },
  "throttled-function": { status: 500, message: "Internal server error", type: "InternalServerErrorException" },
  "no-base64": { status: 500, message: "Internal server error", type: "InternalServerErrorException" },
  "too-large": { status: 413, message: "Request Entity Too Large", type: "RequestTooLargeException" },
  throttled: { status: 429, message: "Too Many Requests", type: "TooManyRequestsException" },
  quota: { status: 429, message: "Limit Exceeded", type: "LimitExceededException" },
  forbidden: { status: 403, message: "Forbidden", type: "ForbiddenException" },
  denied: {
    status: 403,
    message:
      "User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action",
    type: "AccessDeniedException",
    key: "Message",
  },
  "denied-explicitly": {
    status: 403,
    message: "User is not authorized to access this resource with an explicit deny in an identity-based policy",
    type: "AccessDeniedException",
    key: "Message",
  },
  unauthorized: { status: 401, message: "Unauthorized", type: "UnauthorizedException" },
  "authorizer-failed": { status: 500, message: null, type: "AuthorizerConfigurationException" },
  "bad-parameters": { status: 400, message: "Missing required request parameters", type: "BadRequestException" },
  "bad-body": { status: 400, message: "Invalid request body", type: "BadRequestException" },
  "bad-request": { status: 400, message: "Bad Request", type: "BadRequestException" },
  misconfigured: { status: 500, message: "Internal server error", type: "InternalServerErrorException" },
  "no-connection": {
    status: 504,
    message: "Network error communicating with endpoint",
    type: "InternalServerErrorException",
  },
  "unsupported-type": { status: 415, message: "Unsupported Media Type", type: "BadRequestException" },
};

const HTTP: Readonly<Record<RefusalName, readonly [status: number, message: string]>> = {
  "no-route": [404, "Not Found"],
  "function-failed": [500, "Internal Server Error"],
  "no-function": [500, "Internal Server Error"],
  timeout: [503, "Service Unavailable"],
  "throttled-function": [503, "Service Unavailable"],
  "no-base64": [500, "Internal Server Error"],
  "too-large": [413, "Request Entity Too Large"],
  throttled: [429, "Too Many Requests"],
  quota: [429, "Too Many Requests"],
  forbidden: [403, "Forbidden"],
  denied: [403, "Forbidden"],
  "denied-explicitly": [403, "Forbidden"],
  unauthorized: [401, "Unauthorized"],
  "authorizer-failed": [500, "Internal Server Error"],
  "bad-parameters": [400, "Bad Request"],
  "bad-body": [400, "Bad Request"],
  "bad-request": [400, "Bad Request"],
  misconfigured: [500, "Internal Server Error"],
  "no-connection": [503, "Service Unavailable"],
  "unsupported-type": [415, "Unsupported Media Type"],
};

const URL_FORBIDDEN =
  "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

/** What AWS says about one request beyond the kind of the refusal. */
export interface RefusalDetail {
  readonly message?: string;
  /** `x-amzn-ErrorType` */
  readonly type?: string;
  readonly headers?: readonly HeaderLine[];
  /** `$context.authorizer.error` */
  readonly authorizerError?: string;
  /** What a model has against the body, for gateway responses that show it. */
  readonly validationError?: string;
}

/**
 * A body over 10 MB does not get as far as the API: no request id, no gateway response, and for REST no JSON (seen on AWS up to
 * October 2026).
 */
export function oversized(kind: DoorKind): HttpAnswer {
  return kind === "rest" ? plain(413, "HTTP content length exceeded 10485760 bytes.") : refusal(kind, "too-large");
}

export function refusal(kind: DoorKind, name: RefusalName, detail: RefusalDetail = {}): HttpAnswer {
  const { headers = [] } = detail;
  switch (kind) {
    case "rest": {
      const { status, message, type, key = "message" } = REST[name];
      return jsonAnswer(status, { [key]: detail.message ?? message }, [
        ["x-amzn-ErrorType", detail.type ?? type],
        ...headers,
      ]);
    }
    case "http": {
      const [status, message] = HTTP[name];
      return jsonAnswer(status, { message }, headers);
    }
    case "url":
      return urlRefusal(name, detail);
  }
}

/** The text of a refusal, for logs. */
export function refusalText(kind: "rest" | "http", name: RefusalName, detail: RefusalDetail = {}): string | null {
  return kind === "rest" ? (detail.message ?? REST[name].message) : HTTP[name][1];
}

/** Only a signature comes with a type of its own. */
export const responseTypeOf = (name: RefusalName, detail: RefusalDetail | undefined): string =>
  detail?.type === undefined ? RESPONSE_TYPES[name] : "INVALID_SIGNATURE";

/** The gateway response that a refusal is an instance of. "Gateway response types", API Gateway developer guide. */
const RESPONSE_TYPES: Readonly<Record<RefusalName, string>> = {
  "no-route": "MISSING_AUTHENTICATION_TOKEN",
  "function-failed": "INTEGRATION_FAILURE",
  "no-function": "API_CONFIGURATION_ERROR",
  timeout: "INTEGRATION_TIMEOUT",
  "throttled-function": "INTEGRATION_FAILURE",
  "no-base64": "API_CONFIGURATION_ERROR",
  "too-large": "REQUEST_TOO_LARGE",
  throttled: "THROTTLED",
  quota: "QUOTA_EXCEEDED",
  forbidden: "INVALID_API_KEY",
  denied: "ACCESS_DENIED",
  "denied-explicitly": "ACCESS_DENIED",
  unauthorized: "UNAUTHORIZED",
  "authorizer-failed": "AUTHORIZER_CONFIGURATION_ERROR",
  "bad-parameters": "BAD_REQUEST_PARAMETERS",
  "bad-body": "BAD_REQUEST_BODY",
  "bad-request": "BAD_REQUEST_BODY",
  misconfigured: "API_CONFIGURATION_ERROR",
  "no-connection": "INTEGRATION_FAILURE",
  "unsupported-type": "UNSUPPORTED_MEDIA_TYPE",
};

function urlRefusal(name: RefusalName, { message, type }: RefusalDetail): HttpAnswer {
  switch (name) {
    case "forbidden":
      if (message !== undefined && type !== undefined)
        return jsonAnswer(403, { message }, [["x-amzn-ErrorType", type]]);
      return jsonAnswer(403, { Message: URL_FORBIDDEN }, [["x-amzn-ErrorType", "AccessDeniedException"]]);
    case "denied":
    case "denied-explicitly":
    case "unauthorized":
      return jsonAnswer(403, { Message: URL_FORBIDDEN }, [["x-amzn-ErrorType", "AccessDeniedException"]]);
    case "no-route":
      return jsonAnswer(403, { Message: null }, [["x-amzn-ErrorType", "AccessDeniedException"]]);
    case "throttled":
    case "quota":
    case "throttled-function":
      return jsonAnswer(
        429,
        { Reason: type ?? "ConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." },
        [["x-amzn-ErrorType", "TooManyRequestsException"]],
      );
    case "too-large":
      return jsonAnswer(413, { Message: "Request Entity Too Large" });
    case "bad-parameters":
    case "bad-body":
    case "bad-request":
      return jsonAnswer(400, { Message: "Bad Request" });
    case "timeout":
    case "authorizer-failed":
    case "no-base64":
    case "no-function":
    case "misconfigured":
    case "no-connection":
    case "unsupported-type":
    case "function-failed":
      return plain(502, "Internal Server Error");
  }
}

function plain(statusCode: number, text: string, headers: readonly HeaderLine[] = []): HttpAnswer {
  return { statusCode, headers: [["Content-Type", "text/plain"], ...headers], body: Buffer.from(text) };
}
