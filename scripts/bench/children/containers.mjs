/** A process that has nothing loaded yet puts S3 into a container, as a command of the CLI does. */
import { createRequire } from "node:module";
import { PRODUCT } from "../kit/product.mjs";
import { serveCalls } from "../kit/rpc.mjs";

const { configSchema, startContainers } = createRequire(import.meta.url)(PRODUCT);
let containers;

serveCalls({
  start: async ({ settings, projectRoot }) => {
    const config = configSchema.parse({ containers: settings });
    const start = performance.now();
    containers = await startContainers({ services: ["s3"], config, projectRoot, notice: () => undefined });
    return performance.now() - start;
  },
  close: () => containers.close(),
});
