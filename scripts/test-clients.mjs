// The real clients as judges: aws (CLI), boto3, s3cmd, rclone and curl against the embedded services.
// `npm run test:clients`. A client that is not installed is left out with a line that says so.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { moreAwsChecks } from "./test-clients-aws.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "lambda-run-clients-"));
const MEBIBYTE = 1024 * 1024;
let passed = 0;
let failed = 0;
let skipped = 0;

const sha = (bytes) => createHash("sha256").update(bytes).digest("hex");
const small = Buffer.from("hello from a real client\n");
const large = randomBytes(9 * MEBIBYTE);
writeFileSync(join(scratch, "small.txt"), small);
writeFileSync(join(scratch, "large.bin"), large);
writeFileSync(join(scratch, "hello.py"), "def handler(event, context):\n    return {'got': event}\n");
writeFileSync(join(scratch, "index.js"), "exports.handler = async (event) => ({ got: event });\n");
writeFileSync(
  join(scratch, "template.yaml"),
  `Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: echo, Runtime: nodejs22.x, CodeUri: ., Handler: index.handler }
`,
);

function has(program) {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

async function startStack() {
  const child = spawn(
    process.execPath,
    [join(root, "bin/lambda-run.js"), "start", "--ephemeral", "--port", "0", "--json"],
    { cwd: scratch, stdio: ["ignore", "pipe", "inherit"] },
  );
  const ready = await new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      const line = text.split("\n").find((candidate) => candidate.includes('"ready"'));
      if (line !== undefined) resolve(JSON.parse(line));
    });
    child.on("exit", (code) => reject(new Error(`the stack left with ${code}`)));
  });
  return { child, endpoint: ready.endpoint };
}

const { child, endpoint } = await startStack();
const env = {
  ...process.env,
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  AWS_REGION: "us-east-1",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_PAGER: "",
  AWS_EC2_METADATA_DISABLED: "true",
};
// Some clients refuse to start on plain http when a CA bundle is named.
delete env.AWS_CA_BUNDLE;
const exec = (program, args, options = {}) =>
  execFileSync(program, args, {
    cwd: scratch,
    env,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 60_000,
    ...options,
  });

function check(name, work) {
  try {
    work();
    passed += 1;
    process.stdout.write(`ok      ${name}\n`);
  } catch (error) {
    failed += 1;
    process.stdout.write(
      `FAILED  ${name}: ${String(error.stderr ?? error.message ?? error)
        .trim()
        .slice(0, 600)}\n`,
    );
  }
}

function equal(actual, expected) {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

function client(name, program, work) {
  if (has(program)) {
    work();
    return;
  }
  skipped += 1;
  process.stdout.write(`skipped ${name}: ${program} is not installed\n`);
}

client("the aws CLI", "aws", () => {
  // Version 1 of the CLI takes the endpoint as an argument in its older releases.
  const aws = (...args) => exec("aws", ["--endpoint-url", endpoint, ...args]);
  const json = (...args) => JSON.parse(aws("--output", "json", ...args) || "null");
  const fails = (args, code) => {
    const { status, stderr } = spawnSync("aws", ["--endpoint-url", endpoint, ...args], {
      cwd: scratch,
      env,
      encoding: "utf8",
    });
    if (status === 0 || !stderr.includes(code)) throw new Error(`expected ${code}, got ${stderr}`);
  };
  process.stdout.write(`        ${spawnSync("aws", ["--version"], { encoding: "utf8" }).stdout.trim()}\n`);
  check("aws s3: make a bucket, copy up, list, copy down, remove", () => {
    aws("s3", "mb", "s3://cli-bucket");
    aws("s3", "cp", "small.txt", "s3://cli-bucket/a b+c%.txt");
    equal(aws("s3", "ls", "s3://cli-bucket").includes("a b+c%.txt"), true);
    equal(aws("s3", "cp", "s3://cli-bucket/a b+c%.txt", "-"), small.toString());
    aws("s3", "rm", "s3://cli-bucket/a b+c%.txt");
  });
  check("aws s3: 9 MB in parts, synced back byte for byte", () => {
    aws("s3", "cp", "large.bin", "s3://cli-bucket/large.bin");
    aws("s3", "cp", "s3://cli-bucket/large.bin", "back.bin");
    equal(sha(readFileSync(join(scratch, "back.bin"))), sha(large));
  });
  check("aws s3 presign: the URL works with curl and not with another key", () => {
    aws("s3", "cp", "small.txt", "s3://cli-bucket/p.txt");
    const url = aws("s3", "presign", "s3://cli-bucket/p.txt").trim();
    equal(exec("curl", ["-s", url]), small.toString());
    equal(exec("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", url.replace("p.txt", "q.txt")]), "403");
  });
  check("aws sqs: create, send, receive, delete", () => {
    const { QueueUrl } = json("sqs", "create-queue", "--queue-name", "cli-queue");
    aws("sqs", "send-message", "--queue-url", QueueUrl, "--message-body", "hi");
    const { Messages } = json("sqs", "receive-message", "--queue-url", QueueUrl);
    equal(
      Messages.map(({ Body }) => Body),
      ["hi"],
    );
    aws("sqs", "delete-message", "--queue-url", QueueUrl, "--receipt-handle", Messages[0].ReceiptHandle);
  });
  check("aws sns: a topic, a queue behind it, a message with an attribute", () => {
    const { TopicArn } = json("sns", "create-topic", "--name", "cli-topic");
    const { QueueUrl } = json("sqs", "create-queue", "--queue-name", "cli-inbox");
    const endpointArn = "arn:aws:sqs:us-east-1:000000000000:cli-inbox";
    aws("sns", "subscribe", "--topic-arn", TopicArn, "--protocol", "sqs", "--notification-endpoint", endpointArn);
    const attributes = '{"kind":{"DataType":"String","StringValue":"x"}}';
    aws("sns", "publish", "--topic-arn", TopicArn, "--message", "hi", "--message-attributes", attributes);
    const { Messages } = json("sqs", "receive-message", "--queue-url", QueueUrl, "--wait-time-seconds", "5");
    const { Message, MessageAttributes } = JSON.parse(Messages[0].Body);
    equal([Message, MessageAttributes], ["hi", { kind: { Type: "String", Value: "x" } }]);
  });
  check("aws dynamodb: create a table, put, get, query", () => {
    aws(
      "dynamodb",
      "create-table",
      "--table-name",
      "cli",
      "--attribute-definitions",
      "AttributeName=id,AttributeType=S",
      "--key-schema",
      "AttributeName=id,KeyType=HASH",
      "--billing-mode",
      "PAY_PER_REQUEST",
    );
    aws("dynamodb", "put-item", "--table-name", "cli", "--item", '{"id":{"S":"1"},"n":{"N":"12.50"}}');
    equal(json("dynamodb", "get-item", "--table-name", "cli", "--key", '{"id":{"S":"1"}}').Item.n, { N: "12.5" });
  });
  check("aws secretsmanager, ssm, sts, logs, cloudwatch", () => {
    aws("secretsmanager", "create-secret", "--name", "s", "--secret-string", "x");
    equal(json("secretsmanager", "get-secret-value", "--secret-id", "s").SecretString, "x");
    aws("ssm", "put-parameter", "--name", "/a/b", "--type", "String", "--value", "v");
    equal(json("ssm", "get-parameter", "--name", "/a/b").Parameter.Value, "v");
    equal(json("sts", "get-caller-identity").Account, "000000000000");
    aws("logs", "create-log-group", "--log-group-name", "g");
    equal(
      json("logs", "describe-log-groups").logGroups.some(({ logGroupName }) => logGroupName === "g"),
      true,
    );
    aws("cloudwatch", "put-metric-data", "--namespace", "N", "--metric-name", "M", "--value", "3");
    equal(json("cloudwatch", "list-metrics", "--namespace", "N").Metrics.length, 1);
  });
  moreAwsChecks({ aws, json, fails, exec, check, equal });
  check("aws lambda invoke", () => {
    // Version 2 takes the payload in base64 unless told otherwise, version 1 as it is.
    const isV2 = spawnSync("aws", ["--version"], { encoding: "utf8" }).stdout.startsWith("aws-cli/2");
    const { StatusCode } = json(
      "lambda",
      "invoke",
      "--function-name",
      "echo",
      ...(isV2 ? ["--cli-binary-format", "raw-in-base64-out"] : []),
      "--payload",
      '{"a":1}',
      "out.json",
    );
    equal(StatusCode, 200);
    const got = JSON.parse(readFileSync(join(scratch, "out.json"), "utf8"));
    equal(got, { got: { a: 1 } });
  });
});

client("the aws CLI for Lambda", "aws", () => {
  check("aws lambda: create, wait, publish, alias, URL, tags, async, delete", () => {
    const aws = (...args) => exec("aws", ["--endpoint-url", endpoint, "lambda", ...args]);
    const json = (...args) => JSON.parse(aws(...args, "--output", "json") || "{}");
    const role = "arn:aws:iam::000000000000:role/r";
    exec("python3", ["-m", "zipfile", "-c", "cli.zip", "index.js"]);
    const code = ["--runtime", "nodejs22.x", "--handler", "index.handler", "--zip-file", "fileb://cli.zip"];
    json("create-function", "--function-name", "cli", "--role", role, ...code);
    aws("wait", "function-active-v2", "--function-name", "cli");
    json("update-function-configuration", "--function-name", "cli", "--timeout", "7");
    aws("wait", "function-updated-v2", "--function-name", "cli");
    equal(json("get-function-configuration", "--function-name", "cli").Timeout, 7);
    equal(json("publish-version", "--function-name", "cli").Version, "1");
    json("create-alias", "--function-name", "cli", "--name", "live", "--function-version", "1");
    const call = json("invoke", "--function-name", "cli", "--qualifier", "live", "--log-type", "Tail", "cli.json");
    equal([call.StatusCode, call.ExecutedVersion, typeof call.LogResult], [200, "1", "string"]);
    equal(json("invoke", "--function-name", "cli", "--invocation-type", "Event", "cli.json").StatusCode, 202);
    equal(json("create-function-url-config", "--function-name", "cli", "--auth-type", "NONE").AuthType, "NONE");
    const arn = json("get-function-configuration", "--function-name", "cli").FunctionArn;
    aws("tag-resource", "--resource", arn, "--tags", "a=1");
    equal(json("list-tags", "--resource", arn).Tags, { a: "1" });
    aws("delete-function", "--function-name", "cli");
    equal(
      spawnSync("aws", ["--endpoint-url", endpoint, "lambda", "get-function", "--function-name", "cli"], { env })
        .status > 0,
      true,
    );
  });
});

client("boto3", "python3", () => {
  if (spawnSync("python3", ["-c", "import boto3"]).status !== 0) {
    skipped += 1;
    process.stdout.write("skipped boto3: the module is not installed\n");
    return;
  }
  check("boto3: every service, presigned URLs of both signature versions, multipart, paginators, waiters", () => {
    equal(
      exec("python3", [join(root, "scripts/test-clients.py")], { env: { ...env, LR_ENDPOINT: endpoint } })
        .trim()
        .split("\n")
        .at(-1),
      "all good",
    );
  });
});

client("boto3 for Lambda", "python3", () => {
  if (spawnSync("python3", ["-c", "import boto3"]).status !== 0) return;
  check("boto3: the life of a function: ZIP, versions, aliases, URL, layers, tags, mappings, streams, waiters", () => {
    const script = join(root, "scripts/clients/lambda_life.py");
    equal(exec("python3", [script], { env: { ...env, LR_ENDPOINT: endpoint } }).trim(), "all good");
  });
});

client("s3cmd", "s3cmd", () => {
  const { host } = new URL(endpoint);
  const s3cmd = (...args) =>
    exec("s3cmd", [
      "--no-ssl",
      "--access_key=test",
      "--secret_key=test",
      `--host=${host}`,
      `--host-bucket=${host}`,
      "--config=/dev/null",
      ...args,
    ]);
  for (const version of ["v4", "v2"]) {
    const flags = version === "v2" ? ["--signature-v2"] : [];
    check(`s3cmd, signature ${version}: put, list, get`, () => {
      s3cmd(...flags, "mb", `s3://s3cmd-${version}`);
      s3cmd(...flags, "put", "large.bin", `s3://s3cmd-${version}/dir/large.bin`);
      equal(s3cmd(...flags, "ls", `s3://s3cmd-${version}/dir/`).includes("large.bin"), true);
      s3cmd(...flags, "get", "--force", `s3://s3cmd-${version}/dir/large.bin`, `s3cmd-${version}.bin`);
      equal(sha(readFileSync(join(scratch, `s3cmd-${version}.bin`))), sha(large));
    });
  }
  check("s3cmd: parts of 5 MB, copy, move, sync, remove all", () => {
    s3cmd("put", "--multipart-chunk-size-mb=5", "large.bin", "s3://s3cmd-v4/parts.bin");
    s3cmd("cp", "s3://s3cmd-v4/parts.bin", "s3://s3cmd-v4/copy.bin");
    s3cmd("mv", "s3://s3cmd-v4/copy.bin", "s3://s3cmd-v4/moved.bin");
    s3cmd("get", "--force", "s3://s3cmd-v4/moved.bin", "moved.bin");
    equal(sha(readFileSync(join(scratch, "moved.bin"))), sha(large));
    exec("sh", ["-c", "mkdir -p own && cp small.txt own/a && cp small.txt own/b"]);
    s3cmd("sync", "--delete-removed", "own/", "s3://s3cmd-v4/own/");
    equal(s3cmd("ls", "s3://s3cmd-v4/own/").trim().split("\n").length, 2);
    s3cmd("del", "--recursive", "--force", "s3://s3cmd-v4");
    s3cmd("rb", "s3://s3cmd-v4");
  });
});

client("rclone", "rclone", () => {
  const remote = `:s3,provider=Minio,access_key_id=test,secret_access_key=test,region=us-east-1,endpoint='${endpoint}':`;
  const rclone = (...args) => exec("rclone", ["--config", "/dev/null", "--retries", "1", ...args]);
  check("rclone: copy up, list, check, copy down", () => {
    rclone("mkdir", `${remote}rclone-bucket`);
    rclone("copyto", "large.bin", `${remote}rclone-bucket/x/large.bin`);
    equal(rclone("lsf", "-R", `${remote}rclone-bucket`).includes("x/large.bin"), true);
    rclone("copyto", `${remote}rclone-bucket/x/large.bin`, "rclone.bin");
    equal(sha(readFileSync(join(scratch, "rclone.bin"))), sha(large));
  });
  check("rclone: sync with deletes, check by hash, a stream of unknown length, move, purge", () => {
    exec("sh", ["-c", "mkdir -p rtree/d && cp small.txt rtree/a && cp large.bin 'rtree/d/b c+%.bin'"]);
    rclone("sync", "rtree", `${remote}rclone-bucket/tree`);
    exec("sh", ["-c", "rm rtree/a"]);
    rclone("sync", "rtree", `${remote}rclone-bucket/tree`);
    rclone("check", "rtree", `${remote}rclone-bucket/tree`);
    rclone("check", "--download", "rtree", `${remote}rclone-bucket/tree`);
    exec("rclone", ["--config", "/dev/null", "rcat", `${remote}rclone-bucket/stream`], { input: large });
    rclone("moveto", `${remote}rclone-bucket/stream`, `${remote}rclone-bucket/moved`);
    equal(
      sha(
        exec("rclone", ["--config", "/dev/null", "cat", `${remote}rclone-bucket/moved`], {
          encoding: "buffer",
          maxBuffer: 16 * MEBIBYTE,
        }),
      ),
      sha(large),
    );
    rclone("purge", `${remote}rclone-bucket`);
  });
});

client("packages for AWS", "cfn-lint", () => {
  process.stdout.write(`        ${spawnSync("cfn-lint", ["--version"], { encoding: "utf8" }).stdout.trim()}\n`);
  const cli = join(root, "bin/lambda-run.js");
  for (const [name, cwd] of [
    ["the project", root],
    ["the example", join(root, "examples/orders")],
    ["the document assistant", join(root, "examples/document-assistant")],
  ]) {
    check(`cfn-lint: the packaged template of ${name} is valid, with its packages beside it and in a bucket`, () => {
      const [beside, again, inBucket] = ["beside", "again", "bucket"].map((kind) => join(scratch, name, kind));
      for (const out of [beside, again]) exec(process.execPath, [cli, "package", "--out", out], { cwd });
      exec("diff", ["-r", beside, again]);
      exec("aws", ["--endpoint-url", endpoint, "s3", "mb", "s3://packages"]);
      exec(process.execPath, [cli, "package", "--out", inBucket, "--s3-bucket", "packages"], { cwd });
      for (const folder of [beside, inBucket]) exec("cfn-lint", [join(folder, "template.yaml")]);
    });
  }
  check("aws lambda: a packaged ZIP is a function that runs", () => {
    exec(process.execPath, [join(root, "bin/lambda-run.js"), "package", "--out", "own"]);
    const role = "arn:aws:iam::000000000000:role/r";
    const code = ["--runtime", "nodejs22.x", "--handler", "index.handler", "--zip-file", "fileb://own/Echo.zip"];
    const aws = (...args) => exec("aws", ["--endpoint-url", endpoint, "lambda", ...args]);
    aws("create-function", "--function-name", "packaged", "--role", role, ...code);
    aws("wait", "function-active", "--function-name", "packaged");
    aws("invoke", "--function-name", "packaged", "--payload", '{"a":1}', "packaged.json");
    equal(JSON.parse(readFileSync(join(scratch, "packaged.json"), "utf8")), { got: { a: 1 } });
  });
});

child.kill("SIGINT");
await new Promise((resolve) => child.once("exit", resolve));
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
