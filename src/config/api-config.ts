/** APIs of the template, as the application has them. */
import type { RouteIntegration } from "./api-integration.js";
import type { ApiCors, RequestValidation, WebSocketRoute } from "./event-source.js";
import type { JsonObject } from "./json.js";

/** A steady rate per second, and how many may come at once. */
export interface Throttle {
  readonly rateLimit: number;
  readonly burstLimit: number;
}

export interface ApiKeyConfig {
  readonly id: string;
  readonly name: string;
  readonly value: string;
  /** The template names no value: AWS draws one, and here it follows from the name. */
  readonly isGenerated: boolean;
  readonly enabled: boolean;
}

export interface UsagePlan {
  readonly id: string;
  readonly throttle: Throttle | undefined;
  /** Stages that it covers; none named = all. */
  readonly stages: readonly string[];
  /** By method: `/items/{id}/GET`. */
  readonly methodThrottles: Readonly<Record<string, Throttle>>;
  readonly quota: { readonly limit: number; readonly period: "DAY" | "WEEK" | "MONTH" } | undefined;
  readonly keys: readonly ApiKeyConfig[];
}

/** What an API says instead of an error answer of its own. */
export interface GatewayResponse {
  readonly statusCode: number | undefined;
  /** Values as written: `'text'` in quotes, or `method.request.header.X`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly template: string | undefined;
}

/** What stages, usage plans and authorizer resources say about an API. */
export interface ApiSettings {
  readonly throttle: Throttle | undefined;
  /** By route: `GET /items/{id}`. */
  readonly routeThrottles: Readonly<Record<string, Throttle>>;
  readonly accessLog: { readonly destinationArn: string; readonly format: string } | undefined;
  readonly usagePlans: readonly UsagePlan[];
  /** Where API keys come from: the header, or what the authorizer says. */
  readonly apiKeySource: "HEADER" | "AUTHORIZER";
  /** Answers of REST APIs from this size on are compressed; undefined = none, and no request is unpacked. */
  readonly minimumCompressionBytes: number | undefined;
  /** By response type: `DEFAULT_4XX`, `UNAUTHORIZED` ... */
  readonly gatewayResponses: Readonly<Record<string, GatewayResponse>>;
  /** Properties of raw authorizer resources, by id. */
  readonly authorizers: Readonly<Record<string, JsonObject>>;
}

/** A route behind which no function gets the request as it is. */
export interface IntegratedRoute {
  /** Upper case, or `ANY`. */
  readonly method: string;
  readonly path: string;
  /** As raw methods have it; undefined where the API's own rule holds. */
  readonly auth: JsonObject | undefined;
  /** Of REST APIs only. */
  readonly validation: RequestValidation | undefined;
  readonly integration: RouteIntegration;
}

interface ApiBase {
  readonly logicalId: string;
  /** Ten letters and digits, as in the host name of the real one. */
  readonly id: string;
  readonly name: string;
  /** In AWS's form, without the stage. */
  readonly endpoint: string;
  /** Stage names; `$default` has no path segment. */
  readonly stages: readonly string[];
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly cors: ApiCors | undefined;
  /** `Auth` of a SAM API as written: authorizers by name, DefaultAuthorizer, ApiKeyRequired ... */
  readonly auth: JsonObject | undefined;
  readonly definition: JsonObject | undefined;
  readonly settings: ApiSettings;
}

/** A route that no function is behind. */
export interface WebSocketFixedRoute extends WebSocketRoute {
  readonly statusCode: number;
  /** What the client is told where the route answers. */
  readonly body: string;
  /** Why nothing here runs it: the client is told, whether the route answers or not. */
  readonly absent: string | undefined;
}

export type WebSocketApiConfig = ApiBase & {
  readonly kind: "websocket";
  /** `$request.body.action` */
  readonly routeSelectionExpression: string;
  /** `$request.header.x-api-key` */
  readonly apiKeySelectionExpression: string;
  readonly fixedRoutes: readonly WebSocketFixedRoute[];
};

export type ApiConfig =
  | (ApiBase & { readonly kind: "http"; readonly integrated: readonly IntegratedRoute[] })
  | WebSocketApiConfig
  | (ApiBase & {
      readonly kind: "rest";
      readonly binaryMediaTypes: readonly string[];
      readonly integrated: readonly IntegratedRoute[];
    });
