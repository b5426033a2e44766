/** Function `s3-unified-handler`: everything that clients do with files. */
import { businessFunction } from "../shared/business-function.js";
import { required, wholeNumber } from "../shared/settings.js";
import { Files } from "./files.js";
import { Uploads } from "./uploads.js";

const documents = required("DOCUMENTS_BUCKET");
const files = new Files([documents, required("PROCESSED_DOCUMENTS_BUCKET")]);
const uploads = new Uploads(documents, wholeNumber("UPLOAD_URL_SECONDS", 15, 1));

export const handler = businessFunction({
  "POST /upload/presigned-url": ({ request }) => uploads.presign(request.body()),
  "POST /upload": ({ request, budget }) => files.put(request.body(), budget),
  "GET /files": ({ request, budget }) => files.list(request.query, budget),
  "GET /files/{key+}": ({ request, budget }) => files.get(request.pathParameters["key"], request.query, budget),
  "DELETE /files/{key+}": ({ request, budget }) => files.remove(request.pathParameters["key"], request.query, budget),
});
