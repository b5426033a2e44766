/** What several cases of the embedded services share: a gateway in a process of its own, and the state of a million rows. */
import { jsonRequest, signedRequest } from "./sign.mjs";
import { startChild } from "./rpc.mjs";

export async function startGateway(folder, { durability = "process", execArgv = [] } = {}) {
  const child = await startChild("gateway-server.mjs", { args: [folder, durability], execArgv });
  const { endpoint, startMs } = await child.call("endpoint");
  return { ...child, endpoint, startMs };
}

/** One call over HTTP that must succeed; gives the body. */
export async function callOnce(load, endpoint, bytes) {
  const { bodies } = await load.run({ endpoint, requests: [bytes], connections: 1, once: true, keepBodies: true });
  return bodies[0];
}

export const createBucket = (load, endpoint, bucket) =>
  callOnce(load, endpoint, signedRequest({ endpoint, service: "s3", method: "PUT", path: `/${bucket}` }));

export async function createQueue(load, endpoint, name) {
  const body = { QueueName: name };
  const answer = await callOnce(
    load,
    endpoint,
    jsonRequest({ endpoint, service: "sqs", target: "AmazonSQS.CreateQueue", body }),
  );
  return JSON.parse(answer).QueueUrl;
}

/** Ten messages of about `bytes`, as one request. */
export function sendBatch(endpoint, queueUrl, bytes = 256) {
  const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: String(i), MessageBody: `${i}`.padEnd(bytes, "x") }));
  return jsonRequest({
    endpoint,
    service: "sqs",
    target: "AmazonSQS.SendMessageBatch",
    body: { QueueUrl: queueUrl, Entries },
  });
}

export const BIG = { bucket: "million", count: 1_000_000, prefix: "2026/04/report-", suffix: ".pdf" };
export const MIDDLE = { bucket: "hundred-thousand", count: 100_000, prefix: "2026/04/report-", suffix: ".pdf" };
export const SMALL = { bucket: "thousand", count: 1000, prefix: "2026/04/report-", suffix: ".pdf" };

/** A state folder with a thousand, a hundred thousand and a million objects; made once in a run. */
export function objectsState(bench) {
  return bench.shared("objects", async () => {
    const folder = bench.folder("objects");
    const gateway = await startGateway(folder);
    for (const bucket of bench.quick ? [SMALL, MIDDLE] : [SMALL, MIDDLE, BIG]) await gateway.call("fillBucket", bucket);
    await gateway.stop();
    return folder;
  });
}
