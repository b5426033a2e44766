const { S3Client } = require("@aws-sdk/client-s3");
exports.handler = async () => ({ client: typeof S3Client, path: require.resolve("@aws-sdk/client-s3") });
