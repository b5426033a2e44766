/**
 * Function `dynamodb-crud-handler`: reads and writes items, for clients (`POST /crud`) and for other functions (invoked with the
 * members of the body at the top level).
 */
import { businessFunction, type Route } from "../shared/business-function.js";
import { RequestError } from "../shared/errors.js";
import { required } from "../shared/settings.js";
import { Tables } from "./tables.js";
import { OPERATIONS } from "./operations.js";

const tables = new Tables({
  documents: { name: required("DOCUMENTS_TABLE"), key: ["document_id"] },
  chunks: { name: required("CHUNKS_TABLE"), key: ["chunk_id"] },
  conversations: { name: required("CONVERSATIONS_TABLE"), key: ["conversation_id", "ts"] },
});

const crud: Route = async ({ request, budget }) => {
  const body = request.body();
  const name = body["operation"];
  if (name === undefined) throw new RequestError(400, "ValidationError", "operation is missing");
  const operation = typeof name === "string" && Object.hasOwn(OPERATIONS, name) ? OPERATIONS[name] : undefined;
  if (operation === undefined) {
    const known = Object.keys(OPERATIONS).join(", ");
    throw new RequestError(400, "ValidationError", `operation must be one of ${known}, got ${JSON.stringify(name)}`);
  }
  const table = tables.find(body["table_name"]);
  return { operation: name, table_name: table.name, ...(await operation(table, body, budget)) };
};

export const handler = businessFunction({ "POST /crud": crud }, crud);
