# boto3 against the embedded services; called by test-clients.mjs, which says where they are in LR_ENDPOINT.
import os, json, io, time, urllib.request, urllib.error, boto3
from botocore.config import Config
endpoint = os.environ["LR_ENDPOINT"]
def client(name, **kw): return boto3.client(name, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test", **kw)
s3 = client("s3")
s3.create_bucket(Bucket="boto")
s3.put_object(Bucket="boto", Key="ä b+c/(1).txt", Body=b"hello", Metadata={"k": "v"})
assert s3.get_object(Bucket="boto", Key="ä b+c/(1).txt")["Body"].read() == b"hello"
s3.upload_fileobj(io.BytesIO(os.urandom(17 * 1024 * 1024)), "boto", "big")
assert s3.head_object(Bucket="boto", Key="big")["ContentLength"] == 17 * 1024 * 1024
for version in ("s3", "s3v4"):
    url = client("s3", config=Config(signature_version=version)).generate_presigned_url("get_object", Params={"Bucket": "boto", "Key": "ä b+c/(1).txt"})
    assert urllib.request.urlopen(url).read() == b"hello", version
    try:
        urllib.request.urlopen(url.replace("Signature=", "Signature=x")); raise SystemExit("a wrong signature was taken")
    except urllib.error.HTTPError as error: assert error.code == 403
for i in range(25): s3.put_object(Bucket="boto", Key=f"l/{i:03}", Body=b"")
pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="boto", Prefix="l/", PaginationConfig={"PageSize": 10}))
assert [len(p["Contents"]) for p in pages] == [10, 10, 5]
try: s3.get_object(Bucket="boto", Key="none"); raise SystemExit("NoSuchKey expected")
except s3.exceptions.NoSuchKey: pass
sqs = client("sqs")
q = sqs.create_queue(QueueName="boto.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
for body in ("1", "2", "2"): sqs.send_message(QueueUrl=q, MessageBody=body, MessageGroupId="g")
assert [m["Body"] for m in sqs.receive_message(QueueUrl=q, MaxNumberOfMessages=10)["Messages"]] == ["1", "2"]
sns = client("sns"); topic = sns.create_topic(Name="boto.fifo", Attributes={"FifoTopic": "true", "ContentBasedDeduplication": "true"})["TopicArn"]
sub = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=sqs.get_queue_attributes(QueueUrl=q, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"], Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"n": [{"numeric": [">", 1]}]})}, ReturnSubscriptionArn=True)["SubscriptionArn"]
for n in ("1", "2"): sns.publish(TopicArn=topic, Message="message " + n, MessageGroupId="t", MessageAttributes={"n": {"DataType": "Number", "StringValue": n}})
assert [m["Body"] for m in sqs.receive_message(QueueUrl=q, MaxNumberOfMessages=10, WaitTimeSeconds=5)["Messages"]] == ["message 2"]
assert sns.get_subscription_attributes(SubscriptionArn=sub)["Attributes"]["FilterPolicyScope"] == "MessageAttributes"
try: sns.publish(TopicArn=topic[:-5], Message="m"); raise SystemExit("NotFound expected")
except sns.exceptions.NotFoundException: pass
ddb = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
t = ddb.create_table(TableName="boto", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}], AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}], BillingMode="PAY_PER_REQUEST")
t.wait_until_exists()
from boto3.dynamodb.conditions import Key, Attr
with t.batch_writer() as w:
    for i in range(60): w.put_item(Item={"p": "a", "s": i, "even": i % 2 == 0})
assert [x["s"] for x in t.query(KeyConditionExpression=Key("p").eq("a") & Key("s").between(3, 9), FilterExpression=Attr("even").eq(True))["Items"]] == [4, 6, 8]
sm = client("secretsmanager"); sm.create_secret(Name="boto", SecretString="s"); assert sm.get_secret_value(SecretId="boto")["SecretString"] == "s"
ssm = client("ssm"); ssm.put_parameter(Name="boto", Type="SecureString", Value="p"); assert ssm.get_parameter(Name="boto", WithDecryption=True)["Parameter"]["Value"] == "p"
sts = client("sts"); creds = sts.assume_role(RoleArn="arn:aws:iam::000000000000:role/r", RoleSessionName="me")["Credentials"]
session = boto3.client("sts", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=creds["AccessKeyId"], aws_secret_access_key=creds["SecretAccessKey"], aws_session_token=creds["SessionToken"])
assert session.get_caller_identity()["Arn"] == "arn:aws:sts::000000000000:assumed-role/r/me"
cw = client("cloudwatch"); cw.put_metric_data(Namespace="boto", MetricData=[{"MetricName": "m", "Value": 1.5}]); assert cw.list_metrics(Namespace="boto")["Metrics"]
kinesis = client("kinesis"); kinesis.create_stream(StreamName="boto", ShardCount=2); kinesis.get_waiter("stream_exists").wait(StreamName="boto")
put = kinesis.put_records(StreamName="boto", Records=[{"PartitionKey": str(i), "Data": str(i).encode()} for i in range(50)]); assert put["FailedRecordCount"] == 0
shards = [s["ShardId"] for page in kinesis.get_paginator("describe_stream").paginate(StreamName="boto", PaginationConfig={"PageSize": 1}) for s in page["StreamDescription"]["Shards"]]; assert len(shards) == 2
read = lambda shard: kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(StreamName="boto", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"])["Records"]
assert sorted(int(r["Data"]) for s in shards for r in read(s)) == list(range(50))
try: kinesis.describe_stream(StreamName="none"); raise SystemExit("ResourceNotFoundException expected")
except kinesis.exceptions.ResourceNotFoundException: pass
logs = client("logs"); logs.create_log_group(logGroupName="boto"); logs.create_log_stream(logGroupName="boto", logStreamName="s")
logs.put_log_events(logGroupName="boto", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "an ERROR here"}])
tail = iter(client("logs", config=Config(inject_host_prefix=False)).start_live_tail(logGroupIdentifiers=["arn:aws:logs:us-east-1:000000000000:log-group:boto"])["responseStream"])
assert "sessionStart" in next(tail); logs.put_log_events(logGroupName="boto", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "live"}])
assert [e["message"] for e in next(tail)["sessionUpdate"]["sessionResults"]] == ["live"]
assert len(logs.filter_log_events(logGroupName="boto", filterPattern="ERROR")["events"]) == 1
s3.copy({"Bucket": "boto", "Key": "big"}, "boto", "copied", Config=boto3.s3.transfer.TransferConfig(multipart_threshold=8 * 1024 * 1024))
assert s3.head_object(Bucket="boto", Key="copied")["ContentLength"] == 17 * 1024 * 1024
post = s3.generate_presigned_post("boto", "form/${filename}", Conditions=[["content-length-range", 1, 100]])
parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in post["fields"].items()) + '--x\r\nContent-Disposition: form-data; name="file"; filename="f.txt"\r\n\r\nform\r\n--x--\r\n'
urllib.request.urlopen(urllib.request.Request(post["url"], parts.encode(), {"Content-Type": "multipart/form-data; boundary=x"}))
assert s3.get_object(Bucket="boto", Key="form/f.txt")["Body"].read() == b"form"
t.meta.client.update_table(TableName="boto", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
t.update_item(Key={"p": "a", "s": 1}, UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": 1})
streams = client("dynamodbstreams"); arn = t.meta.client.describe_table(TableName="boto")["Table"]["LatestStreamArn"]
shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
it = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
assert [r["eventName"] for r in streams.get_records(ShardIterator=it)["Records"]] == ["MODIFY"]
fn = client("lambda"); r = fn.invoke(FunctionName="echo", Payload=b'{"b": 2}', LogType="Tail"); assert json.load(r["Payload"]) == {"got": {"b": 2}} and r["LogResult"]
try: fn.invoke(FunctionName="nobody"); raise SystemExit("ResourceNotFoundException expected")
except fn.exceptions.ResourceNotFoundException: pass
print("all good")
