/**
 * Reads AuthParameters as CreateConnection and UpdateConnection take them, with the constraints of the API's model.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnectionAuthRequestParameters.html
 */
import { defined } from "../../kit/defined.js";
import { booleanMember, objectListMember, objectMember, stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { isOutsideUrl } from "../../kit/outside-url.js";
import { eventsError } from "../errors.js";
import type { ConnectionSecret, SecretParameter, SecretParameters } from "./secret.js";
import type { AuthorizationType } from "./store.js";

const MAX_TEXT_LENGTH = 512;
const MAX_ENDPOINT_LENGTH = 2048;
const MAX_PARAMETERS = 100;
const OAUTH_METHODS = ["GET", "POST", "PUT"] as const;

/** The member that goes with each kind of authorization. */
const MEMBER = {
  BASIC: "BasicAuthParameters",
  API_KEY: "ApiKeyAuthParameters",
  OAUTH_CLIENT_CREDENTIALS: "OAuthParameters",
} as const satisfies Record<AuthorizationType, string>;

const AT = "authParameters";

/**
 * The secret that the parameters make, laid over `before`, which is of the same kind. Throws ValidationException: for what has
 * a wrong form, for parameters of another kind, and when what authorises is not complete.
 */
export function readSecret(type: AuthorizationType, input: JsonObject, before: ConnectionSecret): ConnectionSecret {
  if (objectMember(input, "ConnectivityParameters") !== undefined)
    throw eventsError.notEmulated("A private OAuth endpoint (ConnectivityParameters)");
  for (const other of Object.values(MEMBER))
    if (other !== MEMBER[type] && objectMember(input, other) !== undefined)
      throw eventsError.invalid(`Parameter(s) ${other} must not be specified for AuthorizationType ${type}.`);
  const violations = new Violations();
  const given = objectMember(input, MEMBER[type]);
  const invocation = readParameters(objectMember(input, "InvocationHttpParameters"), "invocation", violations);
  const secret: ConnectionSecret = {
    ...before,
    ...(given === undefined ? {} : READERS[type](given, violations)),
    ...(invocation === undefined ? {} : { invocation_http_parameters: invocation }),
  };
  violations.check();
  const missing = REQUIRED[type].find((name) => secret[name] === undefined);
  if (missing !== undefined) throw eventsError.invalid(`Parameter(s) ${MEMBER[type]} must be specified.`);
  return secret;
}

const REQUIRED = {
  BASIC: ["username", "password"],
  API_KEY: ["api_key_name", "api_key_value"],
  OAUTH_CLIENT_CREDENTIALS: ["client_id", "client_secret", "authorization_endpoint", "http_method"],
} as const satisfies Record<AuthorizationType, readonly (keyof ConnectionSecret)[]>;

const READERS: Readonly<Record<AuthorizationType, (given: JsonObject, violations: Violations) => ConnectionSecret>> = {
  BASIC: (given, violations) => {
    const at = `${AT}.basicAuthParameters`;
    return defined({
      username: readText(given, "Username", `${at}.username`, violations),
      password: readHidden(given, "Password", `${at}.password`, violations),
    });
  },
  API_KEY: (given, violations) => {
    const at = `${AT}.apiKeyAuthParameters`;
    return defined({
      api_key_name: readText(given, "ApiKeyName", `${at}.apiKeyName`, violations),
      api_key_value: readHidden(given, "ApiKeyValue", `${at}.apiKeyValue`, violations),
    });
  },
  OAUTH_CLIENT_CREDENTIALS: (given, violations) => {
    const at = `${AT}.oAuthParameters`;
    const client = objectMember(given, "ClientParameters") ?? {};
    const endpoint = stringMember(given, "AuthorizationEndpoint");
    violations.length(endpoint, `${at}.authorizationEndpoint`, 1, MAX_ENDPOINT_LENGTH);
    if (endpoint !== undefined && !isOutsideUrl(endpoint)) throw eventsError.badAuthorizationEndpoint(endpoint);
    const method = stringMember(given, "HttpMethod");
    violations.oneOf(method, `${at}.httpMethod`, OAUTH_METHODS);
    return defined({
      client_id: readText(client, "ClientID", `${at}.clientParameters.clientID`, violations),
      client_secret: readHidden(client, "ClientSecret", `${at}.clientParameters.clientSecret`, violations),
      authorization_endpoint: endpoint,
      http_method: method,
      oauth_http_parameters: readParameters(objectMember(given, "OAuthHttpParameters"), "oAuth", violations),
    });
  },
};

function readParameters(
  input: JsonObject | undefined,
  of: "invocation" | "oAuth",
  violations: Violations,
): SecretParameters | undefined {
  if (input === undefined) return undefined;
  const at = of === "invocation" ? `${AT}.invocationHttpParameters` : `${AT}.oAuthParameters.oAuthHttpParameters`;
  const list = (name: string): readonly SecretParameter[] | undefined => {
    const given = objectListMember(input, name);
    const place = `${at}.${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    violations.length(given, place, 0, MAX_PARAMETERS);
    return given?.map((one, index) => ({
      key: readText(one, "Key", `${place}.${index + 1}.member.key`, violations) ?? "",
      value: stringMember(one, "Value") ?? "",
      is_value_secret: booleanMember(one, "IsValueSecret") ?? false,
    }));
  };
  return defined({
    header_parameters: list("HeaderParameters"),
    query_string_parameters: list("QueryStringParameters"),
    body_parameters: list("BodyParameters"),
  });
}

function readText(input: JsonObject, name: string, at: string, violations: Violations): string | undefined {
  const text = stringMember(input, name);
  violations.length(text, at, 1, MAX_TEXT_LENGTH);
  return text;
}

/** The texts of refusals repeat no secret. */
function readHidden(input: JsonObject, name: string, at: string, violations: Violations): string | undefined {
  const text = stringMember(input, name);
  if (text?.length === 0) violations.addHidden(at, "Member must have length greater than or equal to 1");
  else if (text !== undefined && text.length > MAX_TEXT_LENGTH)
    violations.addHidden(at, `Member must have length less than or equal to ${MAX_TEXT_LENGTH}`);
  return text;
}
