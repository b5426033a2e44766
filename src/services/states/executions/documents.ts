/** JSON texts of clients: inputs of executions, outputs of tasks. What is wrong with one is told in the words of AWS's parser. */
import type { Json } from "../../../config/json.js";
import type { AwsError } from "../../kit/aws-error.js";
import { isTooDeep, TOO_DEEP } from "../../kit/json-depth.js";
import { jsonRefusal } from "../../kit/json-refusal.js";

/** Of inputs and outputs, in UTF-8. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const MAX_DOCUMENT_BYTES = 262_144;

/** `otherwise` is what is said where the parser says nothing (recorded of an empty input). */
export function documentIn(text: string, refusal: (why: string) => AwsError, otherwise: string): Json {
  if (isTooDeep(text)) throw refusal(TOO_DEEP);
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Only the first line: the place in the text is not told.
    const why = text.trim() === "" ? undefined : jsonRefusal(text, true)?.split("\n")[0];
    throw refusal(why ?? otherwise);
  }
}
