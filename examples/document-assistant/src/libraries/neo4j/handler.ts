/**
 * Library function `neo4j-library-handler`: `{cypher_query, parameters, operation_type: read|write}` in,
 * `{success, records, total_results}` out.
 */
import { RequestError } from "../../shared/errors.js";
import { isFields, requiredText, type Fields } from "../../shared/json.js";
import { byOperation, libraryFunction } from "../../shared/library-function.js";
import { required } from "../../shared/settings.js";
import { parseCypher, type ReadQuery, type WriteQuery } from "./cypher.js";
import { Graph } from "./graph.js";

const graph = new Graph(required("GRAPH_TABLE"));

export const handler = libraryFunction(
  byOperation("operation_type", {
    read: async (payload, budget) => {
      const query = queryIn(payload);
      if (query.kind === "write") throw refused("a query that writes needs operation_type write");
      const records = await graph.read(query, parametersIn(payload), budget);
      return { records, total_results: records.length };
    },
    write: async (payload, budget) => {
      const query = queryIn(payload);
      if (query.kind === "read") throw refused("a query that reads needs operation_type read");
      await graph.write(query, parametersIn(payload), budget);
      return { records: [], total_results: 0 };
    },
  }),
);

const queryIn = (payload: Fields): ReadQuery | WriteQuery => parseCypher(requiredText(payload, "cypher_query"));
const parametersIn = ({ parameters }: Fields): Fields => (isFields(parameters) ? parameters : {});
const refused = (message: string): RequestError => new RequestError(400, "ValidationError", message);
