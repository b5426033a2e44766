/** What a MinIO has to know to tell us what happens in its buckets. */

/** The identifier in the variables that declare a webhook to MinIO: `MINIO_NOTIFY_WEBHOOK_ENABLE_LAMBDARUN`. */
export const WEBHOOK_ID = "LAMBDARUN";
/** How MinIO calls that target. */
export const WEBHOOK_ARN = `arn:minio:sqs::${WEBHOOK_ID}:webhook`;
/** Where it posts, on the gateway and on a door of its own. */
export const EVENTS_PATH = "/_lambda-run/bucket-events";
