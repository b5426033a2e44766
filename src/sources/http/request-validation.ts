/**
 * Checks of REST APIs before the function is asked: parameters that have to be there, and the body against a model.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 */
import type { RequestValidation } from "../../config/event-source.js";
import { bodyModel, type BodyModel } from "./body-model.js";
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
  /** Of a model by this type that cannot be used. */
  onFault: (type: string, error: unknown) => void,
) => Promise<Invalid | undefined>;

const DEFAULT_TYPE = "application/json";

export function validatorOf({ parameters, models }: RequestValidation): Validate {
  const bodyModels = new Map<string, Promise<BodyModel>>();
  return async (request, pathParameters, onFault) => {
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
    const check = bodyModels.get(name) ?? modelOf(model, name, onFault);
    bodyModels.set(name, check);
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

/** A model that cannot be used lets everything through. */
async function modelOf(model: object, type: string, onFault: Parameters<Validate>[2]): Promise<BodyModel> {
  try {
    return await bodyModel(model);
  } catch (error) {
    onFault(type, error);
    return () => [];
  }
}

function judge(model: BodyModel, body: Buffer): Invalid | undefined {
  let value: unknown;
  try {
    // No body at all is checked as an empty object.
    value = body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    return { name: "bad-body" };
  }
  const faults = model(value);
  return faults.length === 0 ? undefined : { name: "bad-body", detail: { validationError: `[${faults.join(", ")}]` } };
}
