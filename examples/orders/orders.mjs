// Takes orders by HTTP and from files in a bucket, and keeps each in a table.
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

const dynamodb = new DynamoDBClient({});
const s3 = new S3Client({ forcePathStyle: true });

export async function handler(event) {
  if (event.Records !== undefined) {
    for (const { s3: place } of event.Records) await keep(await readOrder(place));
    return;
  }
  const { quantity } = JSON.parse(event.body ?? "{}");
  if (!Number.isInteger(quantity)) return { statusCode: 400, body: "quantity must be a whole number" };
  await keep({ id: event.pathParameters.id, quantity });
  return { statusCode: 201 };
}

async function readOrder({ bucket, object }) {
  const Key = decodeURIComponent(object.key.replaceAll("+", " "));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }));
  return JSON.parse(await Body.transformToString());
}

async function keep({ id, quantity }) {
  const Item = { id: { S: id }, quantity: { N: String(quantity) } };
  await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE, Item }));
}
