const { InvokeCommand, LambdaClient } = require("@aws-sdk/client-lambda");

const lambda = new LambdaClient({});

/** Calls the next function of the chain as long as `deeper` says so. */
exports.handler = async ({ deeper = 0 }, { functionName }) => {
  if (deeper === 0) return 1;
  const next = `chain${Number(functionName.slice(-1)) + 1}`;
  const { Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: next, Payload: JSON.stringify({ deeper: deeper - 1 }) }),
  );
  return 1 + JSON.parse(Buffer.from(Payload).toString());
};
