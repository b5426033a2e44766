/**
 * What authorises, in the form of the secret that EventBridge keeps of a connection (`events!connection/NAME/ID`), and what of
 * it DescribeConnection shows.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection-auth.html
 */
import type { JsonObject } from "../../kit/json-protocol.js";

export interface SecretParameter {
  readonly key: string;
  readonly value: string;
  readonly is_value_secret: boolean;
}

export interface SecretParameters {
  readonly header_parameters?: readonly SecretParameter[];
  readonly query_string_parameters?: readonly SecretParameter[];
  readonly body_parameters?: readonly SecretParameter[];
}

/** Those of its kind of authorization, and the two lists of parameters. */
export interface ConnectionSecret {
  readonly username?: string;
  readonly password?: string;
  readonly api_key_name?: string;
  readonly api_key_value?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly authorization_endpoint?: string;
  readonly http_method?: string;
  readonly oauth_http_parameters?: SecretParameters;
  readonly invocation_http_parameters?: SecretParameters;
}

export const secretIn = (text: string): ConnectionSecret => JSON.parse(text) as ConnectionSecret;

/** `AuthParameters` as DescribeConnection has them. */
export function shownParameters(secret: ConnectionSecret): JsonObject {
  const { username, api_key_name, client_id, oauth_http_parameters, invocation_http_parameters } = secret;
  return {
    ...(username === undefined ? {} : { BasicAuthParameters: { Username: username } }),
    ...(api_key_name === undefined ? {} : { ApiKeyAuthParameters: { ApiKeyName: api_key_name } }),
    ...(client_id === undefined
      ? {}
      : {
          OAuthParameters: {
            ClientParameters: { ClientID: client_id },
            AuthorizationEndpoint: secret.authorization_endpoint,
            HttpMethod: secret.http_method,
            ...(oauth_http_parameters === undefined ? {} : { OAuthHttpParameters: shownLists(oauth_http_parameters) }),
          },
        }),
    ...(invocation_http_parameters === undefined
      ? {}
      : { InvocationHttpParameters: shownLists(invocation_http_parameters) }),
  };
}

function shownLists({ header_parameters, query_string_parameters, body_parameters }: SecretParameters): JsonObject {
  return {
    ...(header_parameters === undefined ? {} : { HeaderParameters: header_parameters.map(shownParameter) }),
    ...(query_string_parameters === undefined
      ? {}
      : { QueryStringParameters: query_string_parameters.map(shownParameter) }),
    ...(body_parameters === undefined ? {} : { BodyParameters: body_parameters.map(shownParameter) }),
  };
}

const shownParameter = ({ key, value, is_value_secret }: SecretParameter): JsonObject => ({
  Key: key,
  ...(is_value_secret ? {} : { Value: value }),
  IsValueSecret: is_value_secret,
});
