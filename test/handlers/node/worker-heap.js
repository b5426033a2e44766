const { Worker } = require("node:worker_threads");

const SCRIPT = `require("node:worker_threads").parentPort.postMessage({
  limit: require("node:v8").getHeapStatistics().heap_size_limit, gc: typeof gc,
})`;

exports.handler = () =>
  new Promise((resolve, reject) => new Worker(SCRIPT, { eval: true }).once("message", resolve).once("error", reject));
