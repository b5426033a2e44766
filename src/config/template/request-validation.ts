/**
 * What a REST API checks before it lets a request through: parameters that have to be there, and models of the body.
 * Raw methods name a validator, SAM's events and OpenAPI documents declare one.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
 */
import type { RequestValidation } from "../event-source.js";
import { isJsonObject, listOf, objectOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import type { DocumentOperation } from "./integration.js";

const JSON_TYPE = "application/json";

interface Validator {
  readonly body: boolean;
  readonly parameters: boolean;
}

/** Undefined where nothing is checked. */
function validationOf(
  { body, parameters }: Validator,
  required: readonly string[],
  models: Readonly<Record<string, JsonObject>>,
): RequestValidation | undefined {
  if (!body && !parameters) return undefined;
  // In the order in which API Gateway names them.
  return { parameters: parameters ? required.toSorted() : [], models: body ? models : {} };
}

/** Models that every REST API has. */
const DEFAULT_MODELS: Readonly<Record<string, JsonObject>> = {
  Empty: { type: "object" },
  Error: { type: "object", properties: { message: { type: "string" } } },
};

/** Of AWS::ApiGateway::Method: `RequestValidatorId`, `RequestParameters`, `RequestModels`. */
export function validationOfMethod(method: JsonObject, context: BuildContext): RequestValidation | undefined {
  const { RequestModels, RequestParameters, RequestValidatorId, RestApiId } = method;
  const { scope } = context;
  const validator = propertiesOfType("AWS::ApiGateway::RequestValidator", context).find(
    ({ resource }) => scope.nameOf(resource.logicalId, scope.usageOf(resource)) === RequestValidatorId,
  );
  if (validator === undefined) return undefined;
  const models = propertiesOfType("AWS::ApiGateway::Model", context).filter(
    ({ properties }) => properties["RestApiId"] === RestApiId,
  );
  const own = models.map(
    ({ properties, resource }) =>
      [scope.nameOf(resource.logicalId, scope.usageOf(resource)), objectOf(properties["Schema"])] as const,
  );
  const schemas = { ...DEFAULT_MODELS, ...Object.fromEntries(own) };
  const { ValidateRequestBody, ValidateRequestParameters } = validator.properties;
  const required = Object.entries(objectOf(RequestParameters)).filter(([, value]) => isTrue(value));
  return validationOf(
    { body: isTrue(ValidateRequestBody), parameters: isTrue(ValidateRequestParameters) },
    required.map(([name]) => name),
    Object.fromEntries(
      Object.entries(objectOf(RequestModels)).flatMap(([type, name]) => {
        const schema = typeof name === "string" ? schemas[name] : undefined;
        return schema === undefined ? [] : [[type, withOthers(schema, schemas)] as const];
      }),
    ),
  );
}

const OTHER_MODEL = /"\$ref":"https:\/\/apigateway\.amazonaws\.com\/restapis\/[^"/]+\/models\/([^"]+)"/g;

/** Models point at each other by URL; here they lie within one schema. */
function withOthers(schema: JsonObject, all: Readonly<Record<string, JsonObject>>): JsonObject {
  const text = JSON.stringify({ ...schema, definitions: { ...all, ...objectOf(schema["definitions"]) } });
  return JSON.parse(text.replace(OTHER_MODEL, '"$ref":"#/definitions/$1"')) as JsonObject;
}

interface RestEvent {
  readonly functionId: string;
  readonly eventId: string;
  /** Logical id. */
  readonly apiId: string;
  readonly properties: JsonObject;
}

/** Of SAM's Api event: `RequestModel` (which says what is checked) and `RequestParameters`. */
export function validationOfEvent(
  { apiId, eventId, functionId, properties }: RestEvent,
  { scope }: BuildContext,
): RequestValidation | undefined {
  const { Model, ValidateBody, ValidateParameters } = objectOf(properties["RequestModel"]);
  if (typeof Model !== "string") return undefined;
  const api = scope.resources.get(apiId);
  const schema = api && objectOf(scope.propertiesOf(api).value["Models"])[Model];
  if (!isJsonObject(schema)) {
    scope.problems.notice(
      `${functionId}: the model ${Model} of its event ${eventId} is not among the Models of ${apiId}: bodies are not checked, and SAM refuses it.`,
    );
    return undefined;
  }
  const named = listOf(properties["RequestParameters"]).flatMap((entry) =>
    Object.entries(objectOf(entry)).flatMap(([name, options]) => (isTrue(objectOf(options)["Required"]) ? [name] : [])),
  );
  return validationOf({ body: isTrue(ValidateBody), parameters: isTrue(ValidateParameters) }, named, {
    [JSON_TYPE]: schema,
  });
}

/** Of an OpenAPI document: the validator that the operation names, or that all of them share. */
export function validationOfOperation(
  document: JsonObject | undefined,
  { operation, item }: Pick<DocumentOperation, "operation" | "item">,
): RequestValidation | undefined {
  const name =
    operation["x-amazon-apigateway-request-validator"] ?? document?.["x-amazon-apigateway-request-validator"];
  if (typeof name !== "string") return undefined;
  const validator = objectOf(objectOf(document?.["x-amazon-apigateway-request-validators"])[name]);
  const parameters = [...listOf(item["parameters"]), ...listOf(operation["parameters"])].map((entry) =>
    resolved(objectOf(entry), document),
  );
  const required = parameters.flatMap(({ in: place, name: parameter, required: needed }) => {
    const kind = place === "query" ? "querystring" : place;
    return isTrue(needed) &&
      typeof parameter === "string" &&
      (kind === "querystring" || kind === "header" || kind === "path")
      ? [`method.request.${kind}.${parameter}`]
      : [];
  });
  const isOldBody = parameters.find(({ in: place }) => place === "body");
  const body = resolved(objectOf(operation["requestBody"]), document);
  const models = Object.fromEntries([
    ...(isOldBody === undefined ? [] : [[JSON_TYPE, modelOf(isOldBody["schema"], document)] as const]),
    ...Object.entries(objectOf(body["content"])).flatMap(([type, content]) => {
      const { schema } = objectOf(content);
      return schema === undefined ? [] : [[type, modelOf(schema, document)] as const];
    }),
  ]);
  return validationOf(
    { body: isTrue(validator["validateRequestBody"]), parameters: isTrue(validator["validateRequestParameters"]) },
    [...new Set(required)],
    models,
  );
}

/** The schema together with the parts of the document that it may point into. */
function modelOf(schema: Json | undefined, document: JsonObject | undefined): JsonObject {
  const { components, definitions } = document ?? {};
  return {
    ...objectOf(schema),
    ...(definitions === undefined ? {} : { definitions }),
    ...(components === undefined ? {} : { components: { schemas: objectOf(components)["schemas"] ?? {} } }),
  };
}

function resolved(value: JsonObject, document: JsonObject | undefined): JsonObject {
  const { $ref: reference } = value;
  if (typeof reference !== "string") return value;
  let found: Json | undefined = document;
  for (const step of reference.replace(/^#\//, "").split("/")) found = objectOf(found)[step];
  return objectOf(found);
}

function propertiesOfType(
  type: string,
  { scope }: BuildContext,
): readonly {
  readonly resource: Parameters<BuildContext["scope"]["propertiesOf"]>[0];
  readonly properties: JsonObject;
}[] {
  return [...scope.resources.values()]
    .filter((resource) => resource.type === type)
    .map((resource) => ({ resource, properties: scope.propertiesOf(resource).value }));
}

const isTrue = (value: Json | undefined): boolean => value === true || value === "true";
