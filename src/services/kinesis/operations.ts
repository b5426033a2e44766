/** Every operation by its name on the wire. */
import { consumerOperations } from "./consumers.js";
import type { KinesisContext, Operations } from "./context.js";
import { getOperations } from "./get-records.js";
import { putOperations } from "./put-records.js";
import { shardOperations } from "./shard-operations.js";
import { streamOperations } from "./streams.js";
import { tagOperations } from "./tags.js";

export const operations = (context: KinesisContext): Operations => ({
  ...streamOperations(context),
  ...shardOperations(context),
  ...putOperations(context),
  ...getOperations(context),
  ...consumerOperations(context),
  ...tagOperations(context),
});
