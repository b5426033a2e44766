/** Takes one request past what guards its route: a signature, an authorizer function, or a token. */
import type { Caller } from "../../../services/kit/credentials.js";
import type { ApiRoute } from "../api-model.js";
import type { DoorContext } from "../door-context.js";
import { requestContextV1, type CallerIdentity, type EventV1Input } from "../event-v1.js";
import type { RefusalDetail, RefusalName } from "../refusals.js";
import type { ApiTarget } from "../target.js";
import { foreignAuthorization } from "./foreign-authorization.js";
import { isSigned } from "./iam.js";
import type { AuthOutcome } from "./lambda-authorizer.js";

export type Passed =
  | { readonly refused: RefusalName; readonly detail?: RefusalDetail | undefined }
  | {
      readonly refused?: undefined;
      readonly authorizer?: Readonly<Record<string, unknown>> | undefined;
      readonly caller?: CallerIdentity | undefined;
      readonly usageKey?: string | undefined;
    };

export async function passGuard(
  target: ApiTarget,
  { guard }: ApiRoute,
  event: EventV1Input,
  routeKey: string,
  door: DoorContext,
): Promise<Passed> {
  switch (guard.kind) {
    case "open":
      return {};
    case "unknown":
      door.log.warn(
        { authorizer: guard.name },
        "the template names an authorizer that lambda-run does not know; the request is refused",
      );
      return { refused: "authorizer-failed" };
    case "iam":
      return passSignature(target, door);
    case "authorizer":
      return askAuthorizer(guard, target, event, routeKey, door);
  }
}

/** REST APIs say what is wrong with a signature, HTTP APIs do not. */
function passSignature({ api, request, signedPath }: ApiTarget, door: DoorContext): Passed {
  if (api.kind === "rest" && !isSigned(request)) return { refused: "no-route", detail: foreignAuthorization(request) };
  const { caller, fault } = door.iam(request, signedPath);
  if (caller !== undefined)
    return {
      caller: callerIdentity(caller),
      ...(api.kind === "http" ? { authorizer: { iam: iamView(caller) } } : {}),
    };
  return { refused: "forbidden", ...(api.kind === "rest" ? { detail: fault } : {}) };
}

async function askAuthorizer(
  { authorizer, scopes }: Extract<ApiRoute["guard"], { kind: "authorizer" }>,
  { api, stage, request }: ApiTarget,
  event: EventV1Input,
  routeKey: string,
  door: DoorContext,
): Promise<AuthOutcome> {
  const context = { ...requestContextV1(event), routeKey };
  if (authorizer.kind === "jwt") {
    const place = { request, stageVariables: api.stageVariables, context };
    const outcome = await door.jwt.ask(authorizer, scopes, place, api.kind);
    if (outcome.refused !== undefined || api.kind === "http") return outcome;
    // A user pool in front of a REST API: claims alone.
    const { jwt } = outcome.authorizer as { readonly jwt: { readonly claims: unknown } };
    return { authorizer: { claims: jwt.claims } };
  }
  const { region, accountId } = door.realm;
  const methodArn = `arn:aws:execute-api:${region}:${accountId}:${api.id}/${stage}/${request.method}${request.path}`;
  try {
    return await door.lambdaAuthorizers.ask({ authorizer, event, routeKey, methodArn, context });
  } catch (error) {
    door.log.warn({ authorizer: authorizer.name, err: error }, "an authorizer could not be asked");
    return { refused: "authorizer-failed" };
  }
}

export function callerIdentity({ accessKeyId, accountId, userId, arn }: Caller): CallerIdentity {
  return { accessKey: accessKeyId, accountId, caller: userId, user: userId, userArn: arn };
}

export function iamView({ accessKeyId, accountId, userId, arn }: Caller): Readonly<Record<string, unknown>> {
  return {
    accessKey: accessKeyId,
    accountId,
    callerId: userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: arn,
    userId,
  };
}
