const { S3Client } = require("@aws-sdk/client-s3");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");

const s3 = new S3Client({});
const dynamodb = new DynamoDBClient({});

exports.handler = async () => [s3.config.serviceId, dynamodb.config.serviceId];
