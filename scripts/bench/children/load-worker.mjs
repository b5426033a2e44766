/**
 * Load over raw sockets: one request under way on each connection, bytes prepared beforehand, answers read only as far
 * as needed to find their end. A client library would cost more than the server that is measured.
 */
import { connect } from "node:net";
import { percentile } from "../kit/stats.mjs";
import { serveCalls } from "../kit/rpc.mjs";

const HEAD_END = Buffer.from("\r\n\r\n");
const CHUNKED_END = Buffer.from("0\r\n\r\n");

serveCalls({ run, close: () => undefined });

async function run({
  endpoint,
  requests,
  connections,
  seconds = 0,
  once = false,
  keepBodies = false,
  allowErrors = false,
}) {
  const { hostname, port } = new URL(endpoint);
  const bytes = requests.map((request) => Buffer.from(request));
  const job = { next: 0, latencies: [], bodies: keepBodies ? [] : undefined, failed: 0, firstFailure: undefined };
  const start = performance.now();
  const take = () => {
    if (once) return job.next < bytes.length ? job.next++ : undefined;
    return performance.now() - start < seconds * 1000 ? job.next++ % bytes.length : undefined;
  };
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))));
  const began = performance.now();
  await Promise.all(sockets.map((socket) => drive(socket, bytes, take, job)));
  const elapsed = (performance.now() - began) / 1000;
  if (job.failed > 0 && !allowErrors)
    throw new Error(`${job.failed} of ${job.latencies.length} failed: ${job.firstFailure}`);
  const sorted = Float64Array.from(job.latencies).sort();
  return {
    count: sorted.length,
    failed: job.failed,
    perSecond: sorted.length / elapsed,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    bodies: job.bodies,
  };
}

function open(host, port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

/** One connection until there is nothing more to send. */
function drive(socket, requests, take, job) {
  return new Promise((resolve, reject) => {
    let buffered = Buffer.alloc(0);
    let sentAt = 0;
    let index = 0;
    const send = () => {
      index = take();
      if (index === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(requests[index]);
    };
    socket.on("data", (data) => {
      buffered = buffered.length === 0 ? data : Buffer.concat([buffered, data]);
      const answer = readAnswer(buffered);
      if (answer === undefined) return;
      job.latencies.push(performance.now() - sentAt);
      if (answer.status >= 300) {
        job.failed += 1;
        job.firstFailure ??= buffered.toString("latin1", 0, 400);
      }
      if (job.bodies !== undefined) job.bodies[index] = answer.body;
      buffered = buffered.subarray(answer.length);
      send();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      if (index !== undefined) reject(new Error("the server closed the connection"));
    });
    send();
  });
}

/** Undefined while the answer is not whole. */
function readAnswer(buffer) {
  const headEnd = buffer.indexOf(HEAD_END);
  if (headEnd === -1) return undefined;
  const head = buffer.latin1Slice(0, headEnd);
  const status = Number(head.slice(9, 12));
  const announced = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  let length = headEnd + 4;
  if (announced !== undefined) length += Number(announced);
  else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    if (!buffer.subarray(-CHUNKED_END.length).equals(CHUNKED_END)) return undefined;
    length = buffer.length;
  }
  return buffer.length < length ? undefined : { status, length, body: buffer.utf8Slice(headEnd + 4, length) };
}
