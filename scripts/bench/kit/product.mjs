/** The product's modules as one file, so that a benchmark runs what is in `src` now and reaches parts the library does not show. */
import { build } from "esbuild";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { testcontainersAt } from "../../testcontainers-bundle.mjs";

export const ROOT = join(import.meta.dirname, "../../..");
/** Below node_modules, where the packages that stay outside are found. */
const FOLDER = join(ROOT, "node_modules/.cache/lambda-run-bench");
export const PRODUCT = join(FOLDER, "product.cjs");

const EXPORTS = `
export { startGateway } from "./src/services/gateway";
export { SERVICES } from "./src/services/registry";
export { StateStore } from "./src/services/kit/state-store";
export { Blobs } from "./src/services/s3/blobs";
export { S3Store } from "./src/services/s3/store";
export { putCurrent } from "./src/services/s3/versions";
export { growHeapSlowly } from "./src/cli/heap-growth";
export { probeSandbox } from "./src/runtime/sandbox/probe";
export { RequestParser } from "./src/runtime/wire/request-parser";
export { Stack } from "./src/stack/stack";
export { createStack } from "./src/stack/create-stack";
export { Watch } from "./src/stack/watch/watch";
export { loadApplication } from "./src/config/load-application";
export { findFunction } from "./src/config/find-function";
export { Archive } from "./src/functions/aggregation/archive";
export { Spool } from "./src/functions/aggregation/spool";
export { createPresigner } from "./src/functions/manifest/presign";
export { startContainers } from "./src/stack/containers";
export { untilHealthy } from "./src/stack/containers/health";
export { minio } from "./src/stack/containers/servers";
export { configSchema } from "./src/config/schema";
export { Bus } from "./src/shared/bus";
export { realClock, VirtualClock } from "./src/shared/clock";
export { silentLogger } from "./src/shared/logger";
`;

export async function buildProduct() {
  mkdirSync(FOLDER, { recursive: true });
  await build({
    stdin: { contents: EXPORTS, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    packages: "external",
    plugins: [testcontainersAt(join(ROOT, "dist/testcontainers.js"))],
    supported: { "dynamic-import": false },
    define: { __LAMBDA_RUN_VERSION__: '"bench"' },
    outfile: PRODUCT,
    logLevel: "error",
  });
}
