/** CBOR 1.1, as the SDKs for Java send it: written by hand, since no SDK for JavaScript speaks it. */
import { SignatureV4 } from "@smithy/signature-v4";
import { Encoder, Tag, Decoder } from "cbor-x";
import { Sha256 } from "../gateway-fixture.js";
import { startKinesis, text, type Fixture } from "./fixture.js";

const CONTENT_TYPE = "application/x-amz-cbor-1.1";
const encoder = new Encoder({ useRecords: false, tagUint8Array: false });
const DECODING = { useRecords: false, mapsAsObjects: true, int64AsNumber: true };
const decoder = new Decoder(DECODING);
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startKinesis();
});
afterEach(() => fixture.close());

interface Answer {
  readonly status: number;
  readonly bytes: Buffer;
}

async function call(operation: string, input: object): Promise<Answer> {
  const { hostname, port, host } = new URL(fixture.embedded.gateway.endpoint);
  const body = encoder.encode(input);
  const signer = new SignatureV4({
    credentials: fixture.embedded.client().credentials,
    region: "us-east-1",
    service: "kinesis",
    sha256: Sha256,
  });
  const { headers } = await signer.sign({
    method: "POST",
    protocol: "http:",
    hostname,
    port: Number(port),
    path: "/",
    query: {},
    headers: { host, "content-type": CONTENT_TYPE, "x-amz-target": `Kinesis_20131202.${operation}` },
    body,
  } as Parameters<typeof signer.sign>[0]);
  const response = await fetch(fixture.embedded.gateway.endpoint, {
    method: "POST",
    headers: headers as Record<string, string>,
    body: new Uint8Array(body),
  });
  expect(response.headers.get("content-type")).toBe(CONTENT_TYPE);
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

/** An integer of milliseconds with tag 1, as the SDK for Java writes it and wants it. */
const javaTime = (ms: number): Tag => new Tag(BigInt(ms), 1);
function timeBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(10, Buffer.from([0xc1, 0x1b]));
  bytes.writeBigUInt64BE(BigInt(ms), 2);
  return bytes;
}

test("CBOR carries bytes as bytes, and times as milliseconds both ways", async () => {
  const StreamName = "clicks";
  expect((await call("CreateStream", { StreamName, ShardCount: 1 })).status).toBe(200);
  const put = (data: string) => call("PutRecord", { StreamName, PartitionKey: "a", Data: Buffer.from(data) });
  await put("early");
  await fixture.clock.advance(5000);
  const nowMs = fixture.clock.now();
  await put("late");
  const start = await call("GetShardIterator", {
    StreamName,
    ShardId: "shardId-000000000000",
    ShardIteratorType: "AT_TIMESTAMP",
    Timestamp: javaTime(nowMs),
  });
  const { ShardIterator } = decoder.decode(start.bytes) as { ShardIterator: string };
  const page = await call("GetRecords", { ShardIterator });
  expect(page.bytes.includes(timeBytes(nowMs))).toBe(true);
  const { Records } = decoder.decode(page.bytes) as { Records: { Data: Uint8Array }[] };
  expect(Records.map(({ Data }) => text(Data))).toEqual(["late"]);
});

test("a refusal comes as CBOR too", async () => {
  const { status, bytes } = await call("DescribeStreamSummary", { StreamName: "gone" });
  expect(status).toBe(400);
  expect(decoder.decode(bytes)).toEqual({
    __type: "ResourceNotFoundException",
    message: "Stream gone under account 000000000000 not found.",
  });
});
