/**
 * `arn:aws:apigateway:{region}:{subdomain.service|service}:path|action/{service_api}`: the service that a REST API calls.
 * https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html
 */

export interface ServiceUri {
  /** As it stands in host names: `monitoring`, `states`. */
  readonly service: string;
  /** `bucket` of `bucket.s3`. */
  readonly subdomain: string | undefined;
  readonly kind: "path" | "action";
  /** An operation, or a path without the slash before it; either with `?` or `&` and a query. */
  readonly call: string;
}

const URI = /^arn:[\w-]+:apigateway:[\w-]*:(?:([\w.-]+)\.)?([\w-]+):(path|action)\/(.*)$/s;

export function serviceUriOf(uri: string): ServiceUri | undefined {
  const [, subdomain, service = "", kind, call = ""] = URI.exec(uri) ?? [];
  return kind === "path" || kind === "action" ? { service, subdomain, kind, call } : undefined;
}

/** Services that there are here, by the names that URIs have for them. */
const EMBEDDED: ReadonlySet<string> = new Set(
  "dynamodb events kinesis lambda logs monitoring s3 scheduler secretsmanager sns sqs ssm states sts".split(" "),
);

/** Their operations are paths. */
const WITHOUT_ACTIONS: ReadonlySet<string> = new Set(["lambda", "s3", "scheduler"]);

export function embeddedServiceOf(uri: string): ServiceUri | { readonly absent: string } {
  const parsed = serviceUriOf(uri);
  if (parsed === undefined)
    return { absent: `has ${JSON.stringify(uri)} for a URI, which names no service, and is not called` };
  const { call, kind, service, subdomain } = parsed;
  if (!EMBEDDED.has(service)) return { absent: `is an integration with a service (${service}), which is not emulated` };
  if (kind === "action" && WITHOUT_ACTIONS.has(service))
    return { absent: `names the action ${call} of ${service}, whose API is reached by path here, and is not called` };
  return subdomain === undefined || service === "s3"
    ? parsed
    : { absent: `is an integration with ${subdomain}.${service}, which is not emulated` };
}
