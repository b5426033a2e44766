/** By which of AWS's two Node clients the function is to be served: the declared runtime decides, not the Node that runs. */

/** First runtime without callbacks and process-level safety nets. */
const FIRST_MODERN_MAJOR = 24;

/** `AWS_Lambda_nodejs22.x` -> 22. */
function declaredMajor(executionEnvironment: string): number {
  return Number(/nodejs(\d+)/.exec(executionEnvironment)?.[1] ?? process.versions.node.split(".")[0]);
}

export const declaredModern = declaredMajor(process.env["AWS_EXECUTION_ENV"] ?? "") >= FIRST_MODERN_MAJOR;
