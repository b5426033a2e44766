/** The peer for DynamoDB, in memory and without a signature check. */
import { createRequire } from "node:module";
import { serveCalls } from "../kit/rpc.mjs";

const dynalite = createRequire(import.meta.url)("dynalite");
const server = dynalite({ createTableMs: 0 });
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

serveCalls({
  endpoint: () => `http://127.0.0.1:${server.address().port}`,
  close: () => server.close(),
});
