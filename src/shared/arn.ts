/** Amazon Resource Names, and the account and region that everything local lives in. */

/** The account of local stacks; twelve zeros, as the scripts of this field expect. */
export const DEFAULT_ACCOUNT_ID = "000000000000";
export const DEFAULT_REGION = "us-east-1";

/** Where things live: every ARN and URL is made from it. */
export interface Realm {
  readonly region: string;
  readonly accountId: string;
}

export const arnOf = {
  function: (realm: Realm, name: string, qualifier?: string): string =>
    `arn:aws:lambda:${realm.region}:${realm.accountId}:function:${name}${qualifier === undefined ? "" : `:${qualifier}`}`,
  layer: (realm: Realm, name: string, version: number): string =>
    `arn:aws:lambda:${realm.region}:${realm.accountId}:layer:${name}:${version}`,
  role: (realm: Realm, name: string): string => `arn:aws:iam::${realm.accountId}:role/${name}`,
  bucket: (name: string): string => `arn:aws:s3:::${name}`,
  queue: (realm: Realm, name: string): string => `arn:aws:sqs:${realm.region}:${realm.accountId}:${name}`,
  table: (realm: Realm, name: string): string => `arn:aws:dynamodb:${realm.region}:${realm.accountId}:table/${name}`,
  stream: (realm: Realm, name: string): string => `arn:aws:kinesis:${realm.region}:${realm.accountId}:stream/${name}`,
  topic: (realm: Realm, name: string): string => `arn:aws:sns:${realm.region}:${realm.accountId}:${name}`,
  logGroup: (realm: Realm, name: string): string => `arn:aws:logs:${realm.region}:${realm.accountId}:log-group:${name}`,
  alarm: (realm: Realm, name: string): string => `arn:aws:cloudwatch:${realm.region}:${realm.accountId}:alarm:${name}`,
  parameter: (realm: Realm, name: string): string =>
    `arn:aws:ssm:${realm.region}:${realm.accountId}:parameter${name.startsWith("/") ? "" : "/"}${name}`,
  stateMachine: (realm: Realm, name: string): string =>
    `arn:aws:states:${realm.region}:${realm.accountId}:stateMachine:${name}`,
  eventBus: (realm: Realm, name: string): string =>
    `arn:aws:events:${realm.region}:${realm.accountId}:event-bus/${name}`,
  archive: (realm: Realm, name: string): string => `arn:aws:events:${realm.region}:${realm.accountId}:archive/${name}`,
  replay: (realm: Realm, name: string): string => `arn:aws:events:${realm.region}:${realm.accountId}:replay/${name}`,
  connection: (realm: Realm, name: string, id: string): string =>
    `arn:aws:events:${realm.region}:${realm.accountId}:connection/${name}/${id}`,
  apiDestination: (realm: Realm, name: string, id: string): string =>
    `arn:aws:events:${realm.region}:${realm.accountId}:api-destination/${name}/${id}`,
  /** The name of the default bus is left out. */
  rule: (realm: Realm, busName: string, name: string): string =>
    `arn:aws:events:${realm.region}:${realm.accountId}:rule/${busName === "default" ? "" : `${busName}/`}${name}`,
  schedule: (realm: Realm, groupName: string, name: string): string =>
    `arn:aws:scheduler:${realm.region}:${realm.accountId}:schedule/${groupName}/${name}`,
  pipe: (realm: Realm, name: string): string => `arn:aws:pipes:${realm.region}:${realm.accountId}:pipe/${name}`,
} as const;

export interface ParsedArn {
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  readonly resource: string;
}

/** `arn:aws:lambda:region:account:function:NAME[:QUALIFIER]`; undefined when the text is none. */
export function parseFunctionArn(
  text: string,
): { readonly name: string; readonly qualifier: string | undefined } | undefined {
  const arn = parseArn(text);
  const [kind, name = "", qualifier] = arn?.resource.split(":") ?? [];
  return arn?.service === "lambda" && kind === "function" && name !== "" ? { name, qualifier } : undefined;
}

/** Splits an ARN; undefined when the text is none. */
export function parseArn(text: string): ParsedArn | undefined {
  const match = /^arn:[a-z-]+:([a-z0-9-]+):([a-z0-9-]*):(\d*):(.+)$/.exec(text);
  if (!match) return undefined;
  const [, service = "", region = "", accountId = "", resource = ""] = match;
  return { service, region, accountId, resource };
}

/** `arn:aws:logs:region:account:log-group:NAME[:*]`; undefined when it is the ARN of anything else. */
export function logGroupNameIn(arn: string): string | undefined {
  return /^arn:[\w-]+:logs:[^:]*:\d*:log-group:([^:*]+)(?::\*)?$/.exec(arn)?.[1];
}
