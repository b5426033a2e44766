/**
 * Reads a CSV file of the bucket and calls the API for each row. What may go well another time is thrown, so that the state
 * machine tries again; what never will is answered with a status code, and the machine parks the message.
 */
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

const s3 = new S3Client({});
const dynamodb = new DynamoDBClient({});
const { API_ENDPOINT, DONE_TABLE } = process.env;
const KEPT_SECONDS = 24 * 3600;

class RetryableError extends Error {
  name = "RetryableError";
}

export async function handler({ s3_details: file }) {
  if (typeof file?.bucket !== "string" || typeof file.key !== "string")
    return { statusCode: 400, error_details: "s3_details has no bucket or no key" };
  // An object that was uploaded or announced twice is the same one as long as its content is.
  const id = `${file.bucket}/${file.key}#${file.etag}`;
  const done = await dynamodb.send(new GetItemCommand({ TableName: DONE_TABLE, Key: { id: { S: id } } }));
  if (done.Item !== undefined) return { statusCode: 200, rows: 0, duplicate: true };

  const { Body } = await s3.send(new GetObjectCommand({ Bucket: file.bucket, Key: file.key }));
  const [header = "", ...lines] = (await Body.transformToString()).trim().split("\n");
  if (!header.startsWith("id,"))
    return { statusCode: 400, error_details: `${file.key} does not begin with an id column` };
  for (const line of lines) await callApi(line);

  const expires = { N: String(Math.floor(Date.now() / 1000) + KEPT_SECONDS) };
  await dynamodb.send(new PutItemCommand({ TableName: DONE_TABLE, Item: { id: { S: id }, expires } }));
  return { statusCode: 200, rows: lines.length };
}

async function callApi(row) {
  if (row.endsWith(",down")) throw new RetryableError(`the API does not answer for row ${row.split(",")[0]}`);
  if (API_ENDPOINT === "") return;
  const answer = await fetch(API_ENDPOINT, { method: "POST", body: row });
  if (!answer.ok) throw new RetryableError(`the API answers ${answer.status}`);
}
