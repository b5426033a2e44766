/**
 * The one list of AWS services: by which names a request addresses each, in which form it wants errors, and where the
 * emulation is. Nothing is loaded until the first request to it, so that the gateway starts at once. Services without
 * `load` are either added by the stack at runtime (lambda, events, states ...) or answered with an error by name.
 */
import type { WireProtocol } from "./kit/wire-error.js";
import type { EmbeddedService, ServiceContext } from "./service.js";

export interface ServiceEntry {
  /** Name in the API, in health reports and in messages. */
  readonly name: string;
  /** Signing names, as they stand in the credential scope. */
  readonly scopes: readonly string[];
  /** What stands before the operation in `X-Amz-Target`. */
  readonly targets: readonly string[];
  /** `Version` of the Query protocol. */
  readonly queryVersions: readonly string[];
  /** Starts of paths that belong to this service and no other. */
  readonly paths: readonly string[];
  /** Hosts `ID.NAME.localhost` belong to it. */
  readonly subdomains: boolean;
  readonly protocol: WireProtocol;
  /** Unsigned requests reach the service, which decides on them. */
  readonly anonymous: boolean;
  /** The service has rules of its own for requests from web pages (CORS). */
  readonly answersBrowsers: boolean;
  readonly load: ((context: ServiceContext) => Promise<EmbeddedService>) | undefined;
}

export type EntryParts = Partial<Omit<ServiceEntry, "name">>;

export const serviceEntry = (name: string, parts: EntryParts): ServiceEntry => ({
  name,
  scopes: [name],
  targets: [],
  queryVersions: [],
  paths: [],
  subdomains: false,
  anonymous: false,
  answersBrowsers: false,
  protocol: "json-1.1",
  load: undefined,
  ...parts,
});

export const SERVICES: readonly ServiceEntry[] = [
  serviceEntry("s3", {
    scopes: ["s3", "s3express"],
    protocol: "rest-xml",
    anonymous: true,
    answersBrowsers: true,
    load: async (context) => (await import("./s3/index.js")).createS3Service(context),
  }),
  serviceEntry("sqs", {
    targets: ["AmazonSQS"],
    queryVersions: ["2012-11-05"],
    protocol: "json-1.0",
    load: async (context) => (await import("./sqs/index.js")).createSqsService(context),
  }),
  serviceEntry("dynamodb", {
    targets: ["DynamoDB_20120810", "DynamoDBStreams_20120810"],
    protocol: "json-1.0",
    load: async (context) => (await import("./dynamodb/index.js")).createDynamoDbService(context),
  }),
  serviceEntry("secretsmanager", {
    targets: ["secretsmanager"],
    protocol: "json-1.1",
    load: async (context) => (await import("./secrets/index.js")).createSecretsService(context),
  }),
  serviceEntry("ssm", {
    targets: ["AmazonSSM"],
    protocol: "json-1.1",
    load: async (context) => (await import("./ssm/index.js")).createSsmService(context),
  }),
  serviceEntry("sts", {
    queryVersions: ["2011-06-15"],
    protocol: "query",
    // AssumeRoleWithWebIdentity comes unsigned, and is to be refused by name.
    anonymous: true,
    load: async (context) => (await import("./sts/index.js")).createStsService(context),
  }),
  serviceEntry("logs", {
    targets: ["Logs_20140328"],
    protocol: "json-1.1",
    load: async (context) => (await import("./logs/index.js")).createLogsService(context),
  }),
  serviceEntry("cloudwatch", {
    scopes: ["monitoring"],
    targets: ["GraniteServiceVersion20100801"],
    queryVersions: ["2010-08-01"],
    paths: ["/service/GraniteServiceVersion20100801/"],
    protocol: "query",
    load: async (context) => (await import("./cloudwatch/index.js")).createCloudWatchService(context),
  }),
  serviceEntry("sns", {
    queryVersions: ["2010-03-31"],
    protocol: "query",
    // The links in messages, by which an endpoint confirms or ends its subscription.
    anonymous: true,
    load: async (context) => (await import("./sns/index.js")).createSnsService(context),
  }),
  serviceEntry("lambda", {
    paths: ["/2015-03-31/", "/2020-06-30/", "/2021-10-31/", "/2021-11-15/"],
    protocol: "rest-json",
  }),
  serviceEntry("events", {
    targets: ["AWSEvents"],
    protocol: "json-1.1",
    load: async (context) => (await import("./events/index.js")).createEventsService(context),
  }),
  serviceEntry("pipes", {
    paths: ["/v1/pipes"],
    protocol: "rest-json",
    load: async (context) => (await import("./pipes/index.js")).createPipesService(context),
  }),
  serviceEntry("scheduler", { protocol: "rest-json" }),
  serviceEntry("states", { targets: ["AWSStepFunctions"], protocol: "json-1.0" }),
  serviceEntry("kinesis", {
    targets: ["Kinesis_20131202"],
    protocol: "json-1.1",
    load: async (context) => (await import("./kinesis/index.js")).createKinesisService(context),
  }),
  serviceEntry("firehose", { targets: ["Firehose_20150804"], protocol: "json-1.1" }),
  serviceEntry("kms", { targets: ["TrentService"], protocol: "json-1.1" }),
  serviceEntry("iam", { queryVersions: ["2010-05-08"], protocol: "query" }),
  serviceEntry("cloudformation", { queryVersions: ["2010-05-15"], protocol: "query" }),
  serviceEntry("ec2", { queryVersions: ["2016-11-15"], protocol: "query" }),
  serviceEntry("ses", { scopes: ["ses", "email"], queryVersions: ["2010-12-01"], protocol: "query" }),
  serviceEntry("apigateway", { protocol: "rest-json" }),
  serviceEntry("execute-api", { protocol: "rest-json", subdomains: true }),
  serviceEntry("lambda-url", { scopes: [], protocol: "rest-json", subdomains: true }),
];

export interface ServiceIndex {
  byScope(scope: string): ServiceEntry | undefined;
  /** By the prefix of an `X-Amz-Target`. */
  byTarget(target: string): ServiceEntry | undefined;
  byQueryVersion(version: string): ServiceEntry | undefined;
  byPath(path: string): ServiceEntry | undefined;
  byName(name: string): ServiceEntry | undefined;
}

export function indexServices(entries: Iterable<ServiceEntry>): ServiceIndex {
  const names = new Map<string, ServiceEntry>();
  const scopes = new Map<string, ServiceEntry>();
  const targets = new Map<string, ServiceEntry>();
  const versions = new Map<string, ServiceEntry>();
  const paths: [prefix: string, entry: ServiceEntry][] = [];
  for (const entry of entries) {
    names.set(entry.name, entry);
    for (const scope of entry.scopes) scopes.set(scope, entry);
    for (const target of entry.targets) targets.set(target, entry);
    for (const version of entry.queryVersions) versions.set(version, entry);
    for (const prefix of entry.paths) paths.push([prefix, entry]);
  }
  return {
    byName: (name) => names.get(name),
    byScope: (scope) => scopes.get(scope),
    byTarget: (target) => targets.get(target),
    byQueryVersion: (version) => versions.get(version),
    byPath: (path) => paths.find(([prefix]) => path.startsWith(prefix))?.[1],
  };
}
