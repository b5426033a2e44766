// More of what the aws CLI is asked to do by test-clients.mjs.
export function moreAwsChecks({ aws, json, fails, exec, check, equal }) {
  check("aws s3 sync: up, changed, down, with deletes", () => {
    exec("sh", ["-c", "mkdir -p tree/deep && cp small.txt tree/one && cp small.txt 'tree/deep/two ä.txt'"]);
    aws("s3", "sync", "tree", "s3://cli-bucket/tree");
    exec("sh", ["-c", "rm tree/one && cp large.bin tree/three"]);
    aws("s3", "sync", "--delete", "tree", "s3://cli-bucket/tree");
    aws("s3", "sync", "s3://cli-bucket/tree", "tree-back");
    equal(exec("diff", ["-r", "tree", "tree-back"]), "");
  });
  check("aws s3api: conditional writes, versions, tags", () => {
    const put = (...more) => [
      "s3api",
      "put-object",
      "--bucket",
      "cli-versions",
      "--key",
      "k",
      "--body",
      "small.txt",
      ...more,
    ];
    aws("s3api", "create-bucket", "--bucket", "cli-versions");
    aws("s3api", "put-bucket-versioning", "--bucket", "cli-versions", "--versioning-configuration", "Status=Enabled");
    const { ETag } = json(...put("--if-none-match", "*"));
    fails(put("--if-none-match", "*"), "PreconditionFailed");
    aws(...put("--if-match", ETag, "--tagging", "a=1"));
    const { DeleteMarker, VersionId } = json("s3api", "delete-object", "--bucket", "cli-versions", "--key", "k");
    equal(DeleteMarker, true);
    fails(["s3api", "get-object", "--bucket", "cli-versions", "--key", "k", "none"], "NoSuchKey");
    aws("s3api", "delete-object", "--bucket", "cli-versions", "--key", "k", "--version-id", VersionId);
    equal(json("s3api", "list-object-versions", "--bucket", "cli-versions").Versions.length, 2);
    equal(json("s3api", "get-object-tagging", "--bucket", "cli-versions", "--key", "k").TagSet, [
      { Key: "a", Value: "1" },
    ]);
  });
  check("aws sqs: a dead letter moves back with a task", () => {
    const dead = json("sqs", "create-queue", "--queue-name", "cli-dead").QueueUrl;
    const arn = json("sqs", "get-queue-attributes", "--queue-url", dead, "--attribute-names", "QueueArn").Attributes
      .QueueArn;
    const redrive = JSON.stringify({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }) });
    const url = json("sqs", "create-queue", "--queue-name", "cli-work", "--attributes", redrive).QueueUrl;
    aws("sqs", "send-message", "--queue-url", url, "--message-body", "again");
    for (let i = 0; i < 2; i++) aws("sqs", "receive-message", "--queue-url", url, "--visibility-timeout", "0");
    aws("sqs", "start-message-move-task", "--source-arn", arn);
    equal(json("sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5").Messages[0].Body, "again");
  });
  check("aws dynamodb: a transaction that is cancelled; aws logs: patterns; aws cloudwatch: math and an alarm", () => {
    const item = {
      Put: { TableName: "cli", Item: { id: { S: "1" } }, ConditionExpression: "attribute_not_exists(id)" },
    };
    fails(
      ["dynamodb", "transact-write-items", "--transact-items", JSON.stringify([item])],
      "TransactionCanceledException",
    );
    aws("logs", "create-log-stream", "--log-group-name", "g", "--log-stream-name", "s");
    const events = ["GET /a 200 12", "GET /b 500 7"].map((message) => ({ timestamp: Date.now(), message }));
    aws(
      "logs",
      "put-log-events",
      "--log-group-name",
      "g",
      "--log-stream-name",
      "s",
      "--log-events",
      JSON.stringify(events),
    );
    const found = json(
      "logs",
      "filter-log-events",
      "--log-group-name",
      "g",
      "--filter-pattern",
      "[verb, path, status = 5*, ms]",
    );
    equal(
      found.events.map(({ message }) => message),
      ["GET /b 500 7"],
    );
    const metric = { Namespace: "N", MetricName: "M" };
    const queries = [
      { Id: "m", MetricStat: { Metric: metric, Period: 60, Stat: "Sum" }, ReturnData: false },
      { Id: "e", Expression: "m * 2" },
    ];
    const minutes = (n) => new Date(Date.now() + n * 60_000).toISOString();
    const times = ["--start-time", minutes(-10), "--end-time", minutes(5)];
    const data = json("cloudwatch", "get-metric-data", "--metric-data-queries", JSON.stringify(queries), ...times);
    equal(data.MetricDataResults[0].Values, [6]);
    const alarm = [
      "--alarm-name",
      "cli",
      "--namespace",
      "N",
      "--metric-name",
      "M",
      "--statistic",
      "Sum",
      "--period",
      "60",
    ];
    const limit = ["--evaluation-periods", "1", "--threshold", "1", "--comparison-operator", "GreaterThanThreshold"];
    aws("cloudwatch", "put-metric-alarm", ...alarm, ...limit);
    equal(json("cloudwatch", "describe-alarms", "--alarm-names", "cli").MetricAlarms.length, 1);
  });
  check("aws kinesis: a stream, its shards and a record", () => {
    aws("kinesis", "create-stream", "--stream-name", "cli", "--shard-count", "1");
    aws("kinesis", "wait", "stream-exists", "--stream-name", "cli");
    const named = ["--stream-name", "cli"];
    const data = Buffer.from("hello").toString("base64");
    const { ShardId } = json("kinesis", "put-record", ...named, "--partition-key", "a", "--data", data);
    const from = ["--shard-id", ShardId, "--shard-iterator-type", "TRIM_HORIZON"];
    const { ShardIterator } = json("kinesis", "get-shard-iterator", ...named, ...from);
    equal(json("kinesis", "get-records", "--shard-iterator", ShardIterator).Records[0].Data, data);
    aws("kinesis", "update-shard-count", ...named, "--target-shard-count", "2", "--scaling-type", "UNIFORM_SCALING");
    equal(json("kinesis", "describe-stream-summary", ...named).StreamDescriptionSummary.OpenShardCount, 2);
    fails(["kinesis", "describe-stream", "--stream-name", "gone"], "ResourceNotFoundException");
  });
}
