/** What the front doors answer by themselves, in the words of each. Texts as recorded for REST; for HTTP APIs unverified. */
import { jsonAnswer, type HeaderLine, type HttpAnswer } from "./message.js";

export type DoorKind = "rest" | "http" | "url";

export type RefusalName =
  | "no-route"
  | "function-failed"
  | "timeout"
  | "throttled-function"
  | "too-large"
  | "throttled"
  | "quota"
  | "forbidden"
  | "denied"
  | "denied-explicitly"
  | "unauthorized"
  | "authorizer-failed"
  | "bad-request";

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
  timeout: { status: 504, message: "Endpoint request timed out", type: "InternalServerErrorException" },
  "throttled-function": { status: 500, message: "Internal server error", type: "InternalServerErrorException" },
  "too-large": { status: 413, message: "Request Entity Too Large", type: "RequestTooLargeException" },
  throttled: { status: 429, message: "Too Many Requests", type: "TooManyRequestsException" },
  quota: { status: 429, message: "Limit Exceeded", type: "LimitExceededException" },
  forbidden: { status: 403, message: "Forbidden", type: "ForbiddenException" },
  denied: {
    status: 403,
    message: "User is not authorized to access this resource",
    type: "AccessDeniedException",
    key: "Message",
  },
  "denied-explicitly": {
    status: 403,
    message: "User is not authorized to access this resource with an explicit deny",
    type: "AccessDeniedException",
    key: "Message",
  },
  unauthorized: { status: 401, message: "Unauthorized", type: "UnauthorizedException" },
  "authorizer-failed": { status: 500, message: null, type: "AuthorizerConfigurationException" },
  "bad-request": { status: 400, message: "Bad Request", type: "BadRequestException" },
};

const HTTP: Readonly<Record<RefusalName, readonly [status: number, message: string]>> = {
  "no-route": [404, "Not Found"],
  "function-failed": [500, "Internal Server Error"],
  timeout: [503, "Service Unavailable"],
  "throttled-function": [503, "Service Unavailable"],
  "too-large": [413, "Request Entity Too Large"],
  throttled: [429, "Too Many Requests"],
  quota: [429, "Too Many Requests"],
  forbidden: [403, "Forbidden"],
  denied: [403, "Forbidden"],
  "denied-explicitly": [403, "Forbidden"],
  unauthorized: [401, "Unauthorized"],
  "authorizer-failed": [500, "Internal Server Error"],
  "bad-request": [400, "Bad Request"],
};

const URL_FORBIDDEN =
  "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

export function refusal(kind: DoorKind, name: RefusalName): HttpAnswer {
  switch (kind) {
    case "rest": {
      const { status, message, type, key = "message" } = REST[name];
      return jsonAnswer(status, { [key]: message }, [["x-amzn-ErrorType", type]]);
    }
    case "http": {
      const [status, message] = HTTP[name];
      return jsonAnswer(status, { message });
    }
    case "url":
      return urlRefusal(name);
  }
}

function urlRefusal(name: RefusalName): HttpAnswer {
  switch (name) {
    case "forbidden":
    case "denied":
    case "denied-explicitly":
    case "unauthorized":
      return jsonAnswer(403, { Message: URL_FORBIDDEN }, [["x-amzn-ErrorType", "AccessDeniedException"]]);
    case "no-route":
      return jsonAnswer(404, { Message: null }, [["x-amzn-ErrorType", "ResourceNotFoundException"]]);
    case "throttled":
    case "quota":
    case "throttled-function":
      return jsonAnswer(429, { Reason: "ConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." }, [
        ["x-amzn-ErrorType", "TooManyRequestsException"],
      ]);
    case "too-large":
      return jsonAnswer(413, { Message: "Request Entity Too Large" });
    case "bad-request":
      return jsonAnswer(400, { Message: "Bad Request" });
    case "timeout":
    case "authorizer-failed":
    case "function-failed":
      return plain(502, "Internal Server Error");
  }
}

function plain(statusCode: number, text: string, headers: readonly HeaderLine[] = []): HttpAnswer {
  return { statusCode, headers: [["Content-Type", "text/plain"], ...headers], body: Buffer.from(text) };
}
