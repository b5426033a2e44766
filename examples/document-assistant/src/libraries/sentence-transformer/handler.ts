/** Library function `sentence-transformer-library-handler`: `{texts}` in, `{success, embeddings}` out. */
import { DIMENSIONS, embed } from "../../shared/embedding.js";
import { textsIn } from "../../shared/json.js";
import { libraryFunction } from "../../shared/library-function.js";

export const handler = libraryFunction((payload) => ({
  embeddings: textsIn(payload, "texts").map(embed),
  model: "hashed-words",
  dimensions: DIMENSIONS,
}));
