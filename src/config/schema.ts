/**
 * lambda-run.config.{ts,js,mjs,cjs,json}: what is local only. The template says what the application is; this says
 * how it runs on this machine. Each option is declared once, here: its type, its default, its sentence for the docs and
 * its flag. docs/configuration.md and the CLI's flags are generated from it. Unknown keys are refused.
 */
import * as z from "zod";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION } from "../shared/arn.js";
import { LAMBDA } from "../shared/aws-limits.js";

/** Writes the sentence and the flag of an option beside its type. */
const option = <T extends z.ZodType>(schema: T, description: string, flag?: string): T =>
  schema.meta({ description, ...(flag === undefined ? {} : { flag }) });

const port = z.int().min(0).max(65_535);

const backendKind = z.enum(["embedded", "containers", "aws"]);
/** Where one service may be: as all of them, or in the container that is named. */
const serviceKind = z.enum([...backendKind.options, "minio", "localstack"]);
const credentials = z.strictObject({
  accessKeyId: option(z.string().min(1).default("test"), "Access key of every function and of the embedded services."),
  secretAccessKey: option(z.string().min(1).default("test"), "Secret key that belongs to it."),
  sessionToken: option(z.string().optional(), "Session token, where the backend wants one."),
});
const httpUrl = (error: string): z.ZodURL => z.url({ protocol: /^https?$/, error });
const endpoint = httpUrl("expected an http:// or https:// URL");
const backend = z
  .union(
    [
      serviceKind,
      httpUrl("expected embedded, minio, localstack, containers, aws, or an http:// or https:// URL"),
      z.strictObject({
        url: endpoint,
        accessKeyId: z.string().optional(),
        secretAccessKey: z.string().optional(),
        region: z.string().optional(),
        eventToken: z.string().min(8).optional(),
        eventQueue: z
          .string()
          .regex(/^[\w-]{1,80}$/)
          .optional(),
      }),
    ],
    {
      error:
        "expected embedded, minio, localstack, containers, aws, a URL, or {url, accessKeyId, secretAccessKey, region, eventToken, eventQueue}",
    },
  )
  .optional();

/** Services that can be elsewhere. Those that are moved most have a flag of their own. */
const backends = z.strictObject({
  s3: option(backend, "Where S3 is: embedded, minio, localstack, containers, aws or a URL.", "--s3 <where>"),
  sqs: option(backend, "Where SQS is: embedded, localstack, containers, aws or a URL.", "--sqs <where>"),
  dynamodb: option(backend, "Where DynamoDB is: embedded, localstack, containers, aws or a URL.", "--dynamodb <where>"),
  lambda: backend,
  events: backend,
  scheduler: backend,
  states: backend,
  sns: backend,
  secretsmanager: backend,
  ssm: backend,
  logs: backend,
  cloudwatch: backend,
  sts: backend,
  kinesis: backend,
  ses: backend,
});

const SIZE_UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** `2k`, `1.5m` or bytes. Undefined when it is no size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)b?$/i.exec(text.trim());
  const unit = SIZE_UNITS[(match?.[2] ?? "").toLowerCase()];
  return match && unit !== undefined ? Math.round(Number(match[1]) * unit) : undefined;
}
const size = z.union(
  [
    z.int().min(0),
    z.string().refine((text) => parseSize(text) !== undefined, { error: "expected a size such as 2048, 2k or 1m" }),
  ],
  {
    error: "expected a size such as 2048, 2k or 1m",
  },
);

const seed = z.strictObject({
  bucket: option(z.string().min(1), "Bucket, by name or logical id."),
  prefix: option(z.string().default(""), "What every key starts with."),
  kind: option(z.enum(["pdf", "csv", "files"]).default("pdf"), "Sample PDFs, sample CSVs, or the files of a folder."),
  folder: option(z.string().optional(), "Folder to copy, with `kind: files`."),
  count: option(z.int().min(1).default(10), "How many objects."),
  size: option(size.default("2k"), "Size of each object."),
  rows: option(z.int().min(1).default(50), "Rows of each CSV."),
  onlyWhenEmpty: option(z.boolean().default(true), "Leave a bucket alone that has objects."),
});

const functionOverride = z.strictObject({
  environment: option(
    z.record(z.string(), z.string()).default({}),
    "Variables added to those of the template; these win.",
  ),
  timeoutSeconds: option(
    z.int().min(LAMBDA.timeoutSeconds.min).max(LAMBDA.timeoutSeconds.max).optional(),
    "Timeout in place of the template's.",
  ),
  memoryMb: option(
    z.int().min(LAMBDA.memoryMb.min).max(LAMBDA.memoryMb.max).optional(),
    "Memory in place of the template's.",
  ),
});

/** Each has tables of its own in the state file, which holds a bounded number of them. */
const MAX_SECOND_STORES = 20;
const containers = z
  .strictObject({
    accessKeyId: option(z.string().min(3).default("minioadmin"), "Access key of the servers in containers."),
    secretAccessKey: option(z.string().min(8).default("minioadmin"), "Secret key that belongs to it."),
    minio: z
      .strictObject({
        image: option(
          z.string().min(1).default("quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z"),
          "Image that plays S3.",
        ),
      })
      .prefault({}),
    localstack: z
      .strictObject({
        image: option(
          z.string().min(1).default("localstack/localstack:4.14.0"),
          "Image that plays the other services; later ones need LOCALSTACK_AUTH_TOKEN, which is passed on.",
        ),
      })
      .prefault({}),
    memoryMb: option(z.int().min(64).optional(), "Memory of each container; what `tmpfsMb` gives comes on top."),
    tmpfsMb: option(z.int().min(1).optional(), "Keep the data of each container in memory, so much at most."),
    startSeconds: option(z.int().min(1).default(120), "How long a server may take from its start to its first answer."),
    reuse: option(
      z.boolean().default(false),
      "Leave containers running and take them again in the next run; `lambda-run down` removes them.",
    ),
    reaper: option(
      z.enum(["own", "ryuk", "off"]).default("own"),
      "Who removes containers after a kill: a process of ours, the Ryuk container (RYUK_CONTAINER_IMAGE), or nobody.",
    ),
  })
  .prefault({});

const secondStore = z.strictObject({
  port: option(port, "Port of its S3 API."),
  accessKeyId: option(z.string().min(1).default("minioadmin"), "Its access key."),
  secretAccessKey: option(z.string().min(1).default("minioadmin"), "Its secret key."),
  buckets: option(z.array(z.string()).default([]), "Buckets made at the start."),
});

export const configSchema = z.strictObject({
  template: option(
    z.string().optional(),
    "SAM or CloudFormation template. Without it: template.yaml, template.yml or template.json.",
    "--template <file>",
  ),
  stackName: option(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/, { error: "expected letters, digits and hyphens, a letter first" })
      .default("local"),
    "AWS::StackName, and the first part of generated names.",
    "--stack-name <name>",
  ),
  region: option(
    z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, { error: "expected a region such as us-east-1" })
      .default(DEFAULT_REGION),
    "AWS::Region.",
    "--region <name>",
  ),
  accountId: option(
    z
      .string()
      .regex(/^\d{12}$/, { error: "expected twelve digits" })
      .default(DEFAULT_ACCOUNT_ID),
    "AWS::AccountId.",
  ),
  parameterOverrides: option(
    z.record(z.string(), z.coerce.string()).default({}),
    "Values of template parameters.",
    "--parameter-overrides <Name=Value...>",
  ),
  importValues: option(z.record(z.string(), z.string()).default({}), "Values of Fn::ImportValue, by export name."),
  host: option(
    z.string().min(1).default("127.0.0.1"),
    "Address to listen on. Anything but loopback opens your stack to the network.",
    "--host <address>",
  ),
  hosts: option(
    z.array(z.string().min(1)).default([]),
    "Host names by which clients may call, besides those of this machine; `host.docker.internal` for containers.",
  ),
  origins: option(
    z.array(z.string().min(1)).default([]),
    "Origins of web pages that may call, besides those on this machine.",
  ),
  ports: z
    .strictObject({
      gateway: option(port.default(4566), "Port of the AWS services; 0 takes a free one.", "--port <number>"),
      http: option(
        port.default(3000),
        "Port of API Gateway and function URLs; 0 takes a free one.",
        "--http-port <number>",
      ),
      smtp: option(
        port.optional(),
        "Port on which the inbox takes mail over SMTP; 0 takes a free one. Without it there is none.",
        "--smtp-port <number>",
      ),
    })
    .prefault({}),
  state: option(z.string().min(1).default(".lambda-run"), "Folder that holds all local state.", "--state <folder>"),
  ephemeral: option(z.boolean().default(false), "Keep no state: everything is gone at the end.", "--ephemeral"),
  backend: option(
    backendKind.default("embedded"),
    "Where the services live: in this process, in containers, or on AWS.",
    "--backend <kind>",
  ),
  backends: option(
    backends.default({}),
    "Where single services are: embedded, minio, localstack, containers, aws or a URL; in the file also `{url, accessKeyId, secretAccessKey, region, eventToken, eventQueue}`.",
    "--endpoint <service=where...>",
  ),
  createResources: option(
    z.boolean().default(false),
    "Make on AWS what the template declares and nobody has made there. For the command line only, after a look at the list that a run without it prints.",
    "--create-resources",
  ),
  containers,
  credentials: credentials.prefault({}),
  environment: option(
    z.record(z.string(), z.string()).default({}),
    "Variables added to every function; these win over the template.",
    "--env <NAME=value...>",
  ),
  functions: option(
    z.record(z.string(), functionOverride).default({}),
    "Settings of single functions, by logical id or name.",
  ),
  seeds: option(z.array(seed).default([]), "Sample objects."),
  jwtKeys: option(
    z.record(z.string(), z.string().min(1)).default({}),
    "Where the keys of JWT authorizers are: a JWKS file or URL, by issuer. Without it the issuer is asked.",
  ),
  secondStores: option(
    z
      .record(z.string(), secondStore)
      .refine((stores) => Object.keys(stores).length <= MAX_SECOND_STORES, `at most ${MAX_SECOND_STORES} stores`)
      .default({}),
    "More S3 stores with credentials of their own, such as a MinIO on premise.",
  ),
  limits: z
    .strictObject({
      sandbox: option(
        z.enum(["auto", "bwrap", "unshare", "portable"]).default("auto"),
        "How execution environments are closed off; auto takes the strictest that works.",
        "--sandbox <tier>",
      ),
      faithfulCpu: option(
        z.boolean().default(false),
        "Give functions only the CPU share that their memory buys.",
        "--faithful-cpu",
      ),
      idleTimeoutSeconds: option(
        z.int().min(1).default(300),
        "Idle environments end after this time.",
        "--idle-timeout <seconds>",
      ),
      partitionUnits: z
        .strictObject({
          writeUnits: option(
            z.number().positive().default(1000),
            "Write units a second that each DynamoDB partition key gives before it throttles, as AWS does.",
          ),
          readUnits: option(z.number().positive().default(3000), "The same for read units."),
        })
        .optional(),
      shardThroughput: option(
        z.boolean().default(false),
        "Let each shard of a Kinesis stream take 1,000 records and 1 MiB, and give 5 reads and 2 MiB a second, as AWS does; more is throttled.",
      ),
    })
    .prefault({}),
});

/** What a config file holds. */
export type LambdaRunConfig = z.input<typeof configSchema>;
/** The same with every default filled in. */
export type ResolvedConfig = z.output<typeof configSchema>;
