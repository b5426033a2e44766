/** Lists with the SDK's paginator, and moves files over raw HTTP: what clients of S3 do, in a process of their own. */
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { request } from "node:http";
import { pipeline } from "node:stream/promises";
import { paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import { serveCalls } from "../kit/rpc.mjs";

const CHUNK_BYTES = 1024 * 1024;

serveCalls({
  list: async ({ endpoint, bucket }) => {
    const client = new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const start = performance.now();
    let keys = 0;
    for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) keys += page.KeyCount ?? 0;
    const ms = performance.now() - start;
    client.destroy();
    return { ms, keys };
  },
  put: async ({ url, headers, file }) => {
    const { size } = await stat(file);
    return timed((done, fail) => {
      const call = request(url, { method: "PUT", headers: { ...headers, "content-length": size } }, (answer) =>
        finish(answer, done, fail),
      );
      pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), call).catch(fail);
    });
  },
  get: ({ url, headers, file }) =>
    timed((done, fail) => {
      const call = request(url, { method: "GET", headers }, (answer) => {
        pipeline(answer, createWriteStream(file, { highWaterMark: CHUNK_BYTES })).then(
          () => checked(answer, done, fail),
          fail,
        );
      });
      call.on("error", fail);
      call.end();
    }),
  close: () => undefined,
});

async function timed(work) {
  const start = performance.now();
  await new Promise((resolve, reject) => work(resolve, reject));
  return performance.now() - start;
}

function finish(answer, done, fail) {
  answer.resume();
  answer.once("end", () => checked(answer, done, fail));
}

function checked(answer, done, fail) {
  if (answer.statusCode === 200) done();
  else fail(new Error(`the server answered ${answer.statusCode}`));
}
