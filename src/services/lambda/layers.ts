/** The `Layers` of a function: ARNs of layer versions, and the folders that are laid over /opt. */
import { LAMBDA } from "../../shared/aws-limits.js";
import { stringListMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { LambdaContext } from "./context.js";
import { invalidParameter } from "./errors.js";

const LAYER_VERSION = /^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+):(\d+)$/;

/** Undefined when the request says nothing about layers. */
export function layersOf(
  context: Pick<LambdaContext, "rows" | "code" | "realm">,
  input: JsonObject,
):
  | { readonly arns: readonly string[]; readonly sizes: readonly number[]; readonly folders: readonly string[] }
  | undefined {
  const arns = stringListMember(input, "Layers");
  if (arns === undefined) return undefined;
  if (arns.length > LAMBDA.layers) throw invalidParameter(`Cannot reference more than ${LAMBDA.layers} layers.`);
  const seen = new Map<string, string>();
  const found = arns.map((arn) => {
    const [, region = "", , name = "", version = ""] = LAYER_VERSION.exec(arn) ?? [];
    if (region !== context.realm.region) {
      throw invalidParameter(
        `Layers are not in the same region as the function. Layers are expected to be in region ${context.realm.region}.`,
      );
    }
    const layer = context.rows.get("layer", name, version);
    if (layer === undefined) throw invalidParameter(`Layer version ${arn} does not exist.`);
    const other = seen.get(name);
    if (other !== undefined) {
      throw invalidParameter(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${other} and ${arn} are versions of the same layer.`,
      );
    }
    seen.set(name, arn);
    return layer;
  });
  return {
    arns,
    sizes: found.map(({ codeSizeBytes }) => codeSizeBytes),
    folders: found.map(({ codeSha256 }) => context.code.pathOf(codeSha256)),
  };
}
