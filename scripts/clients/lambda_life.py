"""The life of a function, as boto3 and its waiters see it. Run by scripts/test-clients.mjs."""
import os, io, json, time, zipfile, urllib.request, urllib.error, boto3
kw = dict(endpoint_url=os.environ["LR_ENDPOINT"], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
fn, sqs = boto3.client("lambda", **kw), boto3.client("sqs", **kw)
def package(code):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive: archive.writestr("index.js", code)
    return out.getvalue()
name, role = "life", "arn:aws:iam::000000000000:role/r"
one = "exports.handler = async (event, context) => ({ one: event, version: context.functionVersion, stage: process.env.STAGE });"
made = fn.create_function(FunctionName=name, Role=role, Runtime="nodejs22.x", Handler="index.handler", Code={"ZipFile": package(one)}, Tags={"team": "a"})
assert made["State"] == "Pending", made
fn.get_waiter("function_active_v2").wait(FunctionName=name); fn.get_waiter("function_exists").wait(FunctionName=name)
def call(payload, **more): return json.load(fn.invoke(FunctionName=name, Payload=json.dumps(payload), **more)["Payload"])
assert call({"a": 1}) == {"one": {"a": 1}, "version": "$LATEST"}
fn.update_function_configuration(FunctionName=name, Environment={"Variables": {"STAGE": "dev"}}, Timeout=5, MemorySize=256)
fn.get_waiter("function_updated_v2").wait(FunctionName=name)
assert call({})["stage"] == "dev"
fn.publish_version(FunctionName=name); fn.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1")
fn.update_function_code(FunctionName=name, ZipFile=package(one.replace("one:", "two:"))); fn.get_waiter("function_updated_v2").wait(FunctionName=name)
second = fn.publish_version(FunctionName=name)["Version"]
fn.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
assert "one" in call({}, Qualifier="live") and "two" in call({})
fn.update_alias(FunctionName=name, Name="live", FunctionVersion=second, RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}})
drawn = {fn.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(40)}
assert drawn == {"1", "2"}, drawn
dry = fn.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"]; queued = fn.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")["StatusCode"]
assert (dry, queued) == (204, 202)
stream = [event for event in fn.invoke_with_response_stream(FunctionName=name, Payload=b'{"b":2}', LogType="Tail")["EventStream"]]
assert b"".join(e["PayloadChunk"]["Payload"] for e in stream if "PayloadChunk" in e).startswith(b'{"two":{"b":2}') and "LogResult" in stream[-1]["InvokeComplete"]
url = fn.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
host = url.split("/")[2]
port = os.environ["LR_ENDPOINT"].rsplit(":", 1)[1]
asked = urllib.request.Request("http://127.0.0.1:" + port + "/a?b=1", headers={"Host": host})
assert json.load(urllib.request.urlopen(asked))["two"]["rawQueryString"] == "b=1"
fn.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")
try: urllib.request.urlopen(asked); raise AssertionError("let in")
except urllib.error.HTTPError as error: assert error.code == 403
layer = fn.publish_layer_version(LayerName="part", Content={"ZipFile": package("module.exports = 7;")})["LayerVersionArn"]
fn.update_function_configuration(FunctionName=name, Layers=[layer])
assert fn.get_function(FunctionName=name)["Configuration"]["Layers"][0]["Arn"] == layer
arn = fn.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
fn.tag_resource(Resource=arn, Tags={"b": "2"}); fn.untag_resource(Resource=arn, TagKeys=["team"])
assert fn.list_tags(Resource=arn)["Tags"] == {"b": "2"}
sqs.create_queue(QueueName="life"); sqs.create_queue(QueueName="told")
fn.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:000000000000:told"}})
mapping = fn.create_event_source_mapping(FunctionName=name, EventSourceArn="arn:aws:sqs:us-east-1:000000000000:life", BatchSize=5)
assert fn.get_event_source_mapping(UUID=mapping["UUID"])["BatchSize"] == 5
fn.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"told":1}')
told = sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="told")["QueueUrl"], WaitTimeSeconds=10)["Messages"][0]["Body"]
assert json.loads(told)["requestPayload"] == {"told": 1}, told
fn.delete_event_source_mapping(UUID=mapping["UUID"])
assert {f["FunctionName"] for page in fn.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1}) for f in page["Functions"]} >= {"echo", "life"}
fn.delete_function(FunctionName=name)
try: fn.invoke(FunctionName=name); raise AssertionError("it is still there")
except fn.exceptions.ResourceNotFoundException as error: assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
print("all good")
