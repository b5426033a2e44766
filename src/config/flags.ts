/** Generated from src/config/schema.ts by src/config/to-flags.ts: change it there. */
import type { FlagDeclaration } from "./flag-values.js";

export const CONFIG_FLAGS: readonly FlagDeclaration[] = [
  {
    flags: "--template <file>",
    description: "SAM or CloudFormation template. Without it: template.yaml, template.yml or template.json",
    path: "template",
    kind: "text",
  },
  {
    flags: "--stack-name <name>",
    description: "AWS::StackName, and the first part of generated names (default: local)",
    path: "stackName",
    kind: "text",
  },
  { flags: "--region <name>", description: "AWS::Region (default: us-east-1)", path: "region", kind: "text" },
  {
    flags: "--parameter-overrides <Name=Value...>",
    description: "Values of template parameters",
    path: "parameterOverrides",
    kind: "pairs",
  },
  {
    flags: "--host <address>",
    description: "Address to listen on. Anything but loopback opens your stack to the network (default: 127.0.0.1)",
    path: "host",
    kind: "text",
  },
  {
    flags: "--port <number>",
    description: "Port of the AWS services; 0 takes a free one (default: 4566)",
    path: "ports.gateway",
    kind: "number",
  },
  {
    flags: "--http-port <number>",
    description: "Port of API Gateway and function URLs; 0 takes a free one (default: 3000)",
    path: "ports.http",
    kind: "number",
  },
  {
    flags: "--smtp-port <number>",
    description: "Port on which the inbox takes mail over SMTP; 0 takes a free one. Without it there is none",
    path: "ports.smtp",
    kind: "number",
  },
  {
    flags: "--state <folder>",
    description: "Folder that holds all local state (default: .lambda-run)",
    path: "state",
    kind: "text",
  },
  {
    flags: "--ephemeral",
    description: "Keep no state: everything is gone at the end",
    path: "ephemeral",
    kind: "boolean",
  },
  {
    flags: "--backend <kind>",
    description: "Where the services live: in this process, in containers, or on AWS (default: embedded)",
    path: "backend",
    kind: "text",
  },
  {
    flags: "--endpoint <service=where...>",
    description:
      "Where single services are: embedded, minio, localstack, containers, aws or a URL; in the file also `{url, accessKeyId, secretAccessKey, region, eventToken, eventQueue}`",
    path: "backends",
    kind: "pairs",
  },
  {
    flags: "--s3 <where>",
    description: "Where S3 is: embedded, minio, localstack, containers, aws or a URL",
    path: "backends.s3",
    kind: "text",
  },
  {
    flags: "--sqs <where>",
    description: "Where SQS is: embedded, localstack, containers, aws or a URL",
    path: "backends.sqs",
    kind: "text",
  },
  {
    flags: "--dynamodb <where>",
    description: "Where DynamoDB is: embedded, localstack, containers, aws or a URL",
    path: "backends.dynamodb",
    kind: "text",
  },
  {
    flags: "--create-resources",
    description:
      "Make on AWS what the template declares and nobody has made there. For the command line only, after a look at the list that a run without it prints",
    path: "createResources",
    kind: "boolean",
  },
  {
    flags: "--env <NAME=value...>",
    description: "Variables added to every function; these win over the template",
    path: "environment",
    kind: "pairs",
  },
  {
    flags: "--sandbox <tier>",
    description: "How execution environments are closed off; auto takes the strictest that works (default: auto)",
    path: "limits.sandbox",
    kind: "text",
  },
  {
    flags: "--faithful-cpu",
    description: "Give functions only the CPU share that their memory buys",
    path: "limits.faithfulCpu",
    kind: "boolean",
  },
  {
    flags: "--idle-timeout <seconds>",
    description: "Idle environments end after this time (default: 300)",
    path: "limits.idleTimeoutSeconds",
    kind: "number",
  },
];
