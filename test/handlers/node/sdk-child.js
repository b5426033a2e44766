const { execFileSync } = require("node:child_process");
exports.handler = async () => execFileSync(process.execPath, ["-p", "typeof require('@aws-sdk/client-dynamodb').DynamoDBClient"], { encoding: "utf8" }).trim();
