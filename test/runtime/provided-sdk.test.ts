import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStack } from "../../src/stack/create-stack.js";

test("a function whose project has no AWS SDK finds the runtime's, though its build names the SDK external", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-sdk-"));
  mkdirSync(join(folder, "node_modules"));
  writeFileSync(
    join(folder, "app.js"),
    `const { S3Client } = require("@aws-sdk/client-s3");\nexports.handler = async () => typeof S3Client;\n`,
  );
  const fn = {
    Type: "AWS::Serverless::Function",
    Properties: { CodeUri: ".", Handler: "app.handler", Runtime: "nodejs22.x" },
    Metadata: { BuildMethod: "esbuild", BuildProperties: { External: ["@aws-sdk/*"] } },
  };
  writeFileSync(
    join(folder, "template.json"),
    JSON.stringify({ Transform: "AWS::Serverless-2016-10-31", Resources: { fn } }),
  );
  const stack = await createStack({ folder });
  try {
    expect((await stack.invoke("fn")).payload).toBe("function");
  } finally {
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
