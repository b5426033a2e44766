/** The operations of STS. https://docs.aws.amazon.com/STS/latest/APIReference/API_Operations.html */
import { parseArn, type Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { Credentials, SessionCredentials } from "../kit/credentials.js";
import { numberMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { list, structure, type QueryOperation } from "../kit/query-protocol.js";
import type { Caller, ServiceRequest } from "../service.js";
import { accessDenied, missingToken, notEmulated, validationError, VALIDATION_CODE } from "./errors.js";

const ROLE_SECONDS = { min: 900, max: 43_200, default: 3600 };
const SESSION_SECONDS = { min: 900, max: 129_600, default: 43_200 };
/** A role that was assumed by a role lives an hour at most. */
const MAX_CHAINED_SECONDS = 3600;

const credentialsShape = structure({
  AccessKeyId: "string",
  SecretAccessKey: "string",
  SessionToken: "string",
  Expiration: "timestamp",
});

export interface StsContext {
  readonly clock: Clock;
  readonly realm: Realm;
  readonly credentials: Credentials;
}

export function stsOperations(context: StsContext): Record<string, QueryOperation> {
  return {
    GetCallerIdentity: {
      input: structure({}),
      output: structure({ UserId: "string", Account: "string", Arn: "string" }),
      run: (_input, request) => {
        const { userId, accountId, arn } = callerOf(request);
        return { UserId: userId, Account: accountId, Arn: arn };
      },
    },
    AssumeRole: {
      input: structure({
        RoleArn: "string",
        RoleSessionName: "string",
        DurationSeconds: "integer",
        ExternalId: "string",
        SourceIdentity: "string",
        Policy: "string",
        PolicyArns: list(structure({ arn: "string" })),
      }),
      output: structure({
        Credentials: credentialsShape,
        AssumedRoleUser: structure({ AssumedRoleId: "string", Arn: "string" }),
        SourceIdentity: "string",
      }),
      run: (input, request) => assumeRole(context, input, callerOf(request)),
    },
    GetSessionToken: {
      input: structure({ DurationSeconds: "integer", SerialNumber: "string", TokenCode: "string" }),
      output: structure({ Credentials: credentialsShape }),
      run: (input, request) => getSessionToken(context, input, callerOf(request)),
    },
    GetAccessKeyInfo: {
      input: structure({ AccessKeyId: "string" }),
      output: structure({ Account: "string" }),
      run: (input, request) => {
        callerOf(request);
        const id = stringMember(input, "AccessKeyId");
        const violations = new Violations();
        violations.required(id, "accessKeyId");
        violations.length(id, "accessKeyId", 16, 128);
        violations.pattern(id, "accessKeyId", /^\w+$/, "[\\w]*");
        violations.check(VALIDATION_CODE);
        return { Account: context.realm.accountId };
      },
    },
    AssumeRoleWithWebIdentity: refused("AssumeRoleWithWebIdentity"),
    AssumeRoleWithSAML: refused("AssumeRoleWithSAML"),
    AssumeRoot: refused("AssumeRoot"),
    DecodeAuthorizationMessage: refused("DecodeAuthorizationMessage"),
    GetFederationToken: refused("GetFederationToken"),
  };
}

function refused(action: string): QueryOperation {
  return {
    input: structure({}),
    run: () => {
      throw notEmulated(action);
    },
  };
}

function callerOf(request: ServiceRequest): Caller {
  if (request.caller === undefined) throw missingToken();
  return request.caller;
}

function assumeRole({ clock, credentials }: StsContext, input: JsonObject, caller: Caller): JsonObject {
  const roleArn = stringMember(input, "RoleArn");
  const sessionName = stringMember(input, "RoleSessionName");
  const sourceIdentity = stringMember(input, "SourceIdentity");
  const seconds = numberMember(input, "DurationSeconds");
  const violations = new Violations();
  violations.required(roleArn, "roleArn");
  violations.length(roleArn, "roleArn", 20, 2048);
  violations.required(sessionName, "roleSessionName");
  violations.length(sessionName, "roleSessionName", 2, 64);
  violations.pattern(sessionName, "roleSessionName", /^[\w+=,.@-]*$/, "[\\w+=,.@-]*");
  violations.length(sourceIdentity, "sourceIdentity", 2, 64);
  violations.range(seconds, "durationSeconds", ROLE_SECONDS.min, ROLE_SECONDS.max);
  violations.check(VALIDATION_CODE);
  const parsed = parseArn(roleArn ?? "");
  if (parsed?.service !== "iam" || parsed.accountId.length !== 12 || !parsed.resource.startsWith("role/")) {
    throw validationError(`${roleArn} is invalid`);
  }
  const lifeSeconds = seconds ?? ROLE_SECONDS.default;
  if (caller.arn.includes(":assumed-role/") && lifeSeconds > MAX_CHAINED_SECONDS) {
    throw validationError(
      "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
  }
  const session = credentials.issueSession({
    roleArn: roleArn ?? "",
    sessionName: sessionName ?? "",
    expiresAtMs: clock.now() + lifeSeconds * 1000,
  });
  return {
    Credentials: shown(session),
    AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
  };
}

function getSessionToken({ clock, credentials, realm }: StsContext, input: JsonObject, caller: Caller): JsonObject {
  const seconds = numberMember(input, "DurationSeconds");
  const violations = new Violations();
  violations.range(seconds, "durationSeconds", SESSION_SECONDS.min, SESSION_SECONDS.max);
  violations.check(VALIDATION_CODE);
  if (input["SerialNumber"] !== undefined || input["TokenCode"] !== undefined) {
    throw accessDenied("MultiFactorAuthentication failed: multi-factor devices are not emulated by lambda-run.");
  }
  if (caller.arn.includes(":assumed-role/")) throw accessDenied("Cannot call GetSessionToken with session credentials");
  const session = credentials.issueSession({
    roleArn: `arn:aws:iam::${realm.accountId}:root`,
    sessionName: "",
    expiresAtMs: clock.now() + (seconds ?? SESSION_SECONDS.default) * 1000,
  });
  return { Credentials: shown(session) };
}

function shown({ accessKeyId, secretAccessKey, sessionToken, expiresAtMs }: SessionCredentials): JsonObject {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: expiresAtMs / 1000,
  };
}
