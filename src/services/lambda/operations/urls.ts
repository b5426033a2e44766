/** Function URLs. https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html */
import { createHash } from "node:crypto";
import { objectMember, stringMember } from "../../kit/json-input.js";
import { functionArn, page, referenceOf, type Answer, type Call, type Route } from "../context.js";
import { LATEST } from "../directory.js";
import { conflict, resourceNotFound } from "../errors.js";
import type { FunctionRecord, UrlRecord } from "../records.js";
import { urlView } from "../view.js";

const PATH = "/2021-10-31/functions/{FunctionName}/url";
const URL_ID_LENGTH = 32;

export const URL_ROUTES: readonly Route[] = [
  { method: "POST", path: PATH, name: "CreateFunctionUrlConfig", run: create },
  { method: "GET", path: PATH, name: "GetFunctionUrlConfig", run: get },
  { method: "PUT", path: PATH, name: "UpdateFunctionUrlConfig", run: update },
  { method: "DELETE", path: PATH, name: "DeleteFunctionUrlConfig", run: remove },
  { method: "GET", path: `${PATH}s`, name: "ListFunctionUrlConfigs", run: list },
];

interface Place {
  readonly name: string;
  readonly qualifier: string | undefined;
  readonly part: string;
  readonly arn: string;
}

function placeOf(call: Call): Place {
  const { name, qualifier } = referenceOf(call);
  return { name, qualifier, part: qualifier ?? LATEST, arn: functionArn(call.context, name, qualifier) };
}

/** Function and alias have to be there to get a URL; those that ask for one are only told that there is none. */
function requireTarget(call: Call): FunctionRecord {
  const { directory } = call.context;
  const { name, qualifier } = placeOf(call);
  const record = directory.latest(name);
  if (record === undefined || (qualifier !== undefined && directory.alias(name, qualifier) === undefined))
    throw resourceNotFound("Function does not exist");
  return record;
}

async function create(call: Call): Promise<Answer> {
  const { context } = call;
  const { name, part, arn } = placeOf(call);
  const record = requireTarget(call);
  if (context.directory.urlOf(name, part) !== undefined)
    throw conflict(
      `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  const now = context.directory.timestamp();
  const urlId = createHash("sha256").update(`${arn} url`).digest("hex").slice(0, URL_ID_LENGTH);
  const blank = { urlId, authType: "NONE", invokeMode: "BUFFERED", cors: undefined, createdAt: now } as const;
  const row = read(call, { ...blank, lastModified: now });
  await context.rows.put("url", name, part, row, { durable: !record.fromTemplate });
  return { status: 201, body: urlView(arn, row, context.functionUrl(urlId), { isNew: true }) };
}

function read({ input }: Call, current: UrlRecord): UrlRecord {
  const authType = stringMember(input, "AuthType");
  const invokeMode = stringMember(input, "InvokeMode");
  return {
    ...current,
    authType: authType === undefined ? current.authType : authType === "AWS_IAM" ? "AWS_IAM" : "NONE",
    invokeMode:
      invokeMode === undefined ? current.invokeMode : invokeMode === "RESPONSE_STREAM" ? "RESPONSE_STREAM" : "BUFFERED",
    cors: objectMember(input, "Cors") ?? current.cors,
  };
}

function requireUrl(call: Call): Place & { readonly url: UrlRecord } {
  const place = placeOf(call);
  const url = call.context.directory.urlOf(place.name, place.part);
  if (url === undefined) throw resourceNotFound("The resource you requested does not exist.");
  return { ...place, url };
}

function get(call: Call): Answer {
  const { arn, url } = requireUrl(call);
  return { body: urlView(arn, url, call.context.functionUrl(url.urlId)) };
}

async function update(call: Call): Promise<Answer> {
  const { context } = call;
  const record = requireTarget(call);
  const { name, part, arn, url } = requireUrl(call);
  const row = read(call, { ...url, lastModified: context.directory.timestamp() });
  await context.rows.put("url", name, part, row, { durable: !record.fromTemplate });
  return { body: urlView(arn, row, context.functionUrl(row.urlId)) };
}

async function remove(call: Call): Promise<Answer> {
  const { name, part } = requireUrl(call);
  await call.context.rows.remove("url", name, part);
  await call.context.directory.forget(name, `url:${part}`);
  return { status: 204 };
}

function list(call: Call): Answer {
  const { context, query } = call;
  const { name } = referenceOf(call);
  if (context.directory.latest(name) === undefined)
    throw resourceNotFound("The resource you requested does not exist.");
  const { rows, next } = page(context.directory.urlsOf(name), query, 50);
  const views = rows.map(([part, url]) =>
    urlView(functionArn(context, name, part === LATEST ? undefined : part), url, context.functionUrl(url.urlId)),
  );
  return { body: { FunctionUrlConfigs: views, ...next } };
}
