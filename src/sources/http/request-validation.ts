/**
 * Checks of REST APIs before the function is asked: parameters that have to be there, and the body against a model.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 */
import type { ErrorObject, ValidateFunction } from "ajv";
import type { RequestValidation } from "../../config/event-source.js";
import { headerOf, mediaTypeOf, parseQuery, type HttpRequest } from "./message.js";
import type { RefusalDetail, RefusalName } from "./refusals.js";

export interface Invalid {
  readonly name: RefusalName;
  readonly detail?: RefusalDetail;
}

/** Undefined when the request may pass. */
export type Validate = (
  request: HttpRequest,
  pathParameters: Readonly<Record<string, string>>,
) => Promise<Invalid | undefined>;

const DEFAULT_TYPE = "application/json";

export function validatorOf({ parameters, models }: RequestValidation): Validate {
  const compiled = new Map<string, Promise<ValidateFunction>>();
  return async (request, pathParameters) => {
    const missing = parameters.filter((name) => isMissing(name, request, pathParameters));
    if (missing.length > 0) {
      const names = missing.map((name) => name.replace(/^method\.request\.\w+\./, ""));
      return {
        name: "bad-parameters",
        detail: { message: `Missing required request parameters: [${names.join(", ")}]` },
      };
    }
    const sent = headerOf(request, "content-type");
    const type = sent === undefined ? DEFAULT_TYPE : mediaTypeOf(sent);
    const [name, model] = Object.entries(models).find(([declared]) => mediaTypeOf(declared) === type) ??
      Object.entries(models).find(([declared]) => declared === "$default") ?? ["", undefined];
    // "If no matching content type is found, request validation is not performed."
    if (model === undefined) return undefined;
    const check = compiled.get(name) ?? compile(model);
    compiled.set(name, check);
    return judge(await check, request.body);
  };
}

/** "included and not blank": neither type nor form is looked at. */
function isMissing(name: string, request: HttpRequest, pathParameters: Readonly<Record<string, string>>): boolean {
  const [, kind = "", parameter = ""] = /^method\.request\.(\w+)\.(.+)$/s.exec(name) ?? [];
  switch (kind) {
    case "header":
      return (headerOf(request, parameter.toLowerCase()) ?? "").trim() === "";
    case "querystring":
      return (parseQuery(request.query).get(parameter)?.at(-1) ?? "").trim() === "";
    case "path":
      return (pathParameters[parameter] ?? "").trim() === "";
    default:
      return false;
  }
}

/** Models are JSON schemas of draft 4; formats are not looked at. */
async function compile(model: object): Promise<ValidateFunction> {
  const {
    default: { default: Ajv },
  } = await import("ajv-draft-04");
  const { $schema: _draft, id: _id, ...schema } = model as Readonly<Record<string, unknown>>;
  return new Ajv({ strict: false, validateFormats: false, allErrors: true, logger: false }).compile(schema);
}

function judge(check: ValidateFunction, body: Buffer): Invalid | undefined {
  let value: unknown;
  try {
    // No body at all is checked as an empty object.
    value = body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    return { name: "bad-body" };
  }
  if (check(value)) return undefined;
  return { name: "bad-body", detail: { validationError: `[${faultsOf(check.errors ?? []).join(", ")}]` } };
}

/** In the words of API Gateway as far as they are known; the others in those of the library. */
function faultsOf(errors: readonly ErrorObject[]): readonly string[] {
  const missing = errors.flatMap(({ keyword, params }) =>
    keyword === "required" ? [String((params as { readonly missingProperty: unknown }).missingProperty)] : [],
  );
  const others = errors.filter(({ keyword }) => keyword !== "required");
  return [
    ...(missing.length === 0 ? [] : [`object has missing required properties (${JSON.stringify(missing.toSorted())})`]),
    ...others.map(({ message = "" }) => message),
  ];
}
