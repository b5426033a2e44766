/** What a function gets of a stream. https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
import type { JsonObject } from "../../services/kit/json-protocol.js";

export const streamEvent = (records: readonly JsonObject[], eventSourceARN: string): JsonObject => ({
  Records: records.map((record) => Object.assign({}, record, { eventSourceARN })),
});
