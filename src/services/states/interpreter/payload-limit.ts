/**
 * The size of input, output and results.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
import type { Json } from "../../../config/json.js";

const MAX_PAYLOAD_BYTES = 262_144;

export function isTooLarge(payload: Json): boolean {
  const text = JSON.stringify(payload);
  // A character has at most three bytes for each of its UTF-16 units, so most texts need no counting.
  return text.length * 3 > MAX_PAYLOAD_BYTES && Buffer.byteLength(text) > MAX_PAYLOAD_BYTES;
}

/** `what` is the name of a state, the ARN of a function, or the service of an integration. */
export const tooLargeCause = (what: string): string =>
  `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`;
