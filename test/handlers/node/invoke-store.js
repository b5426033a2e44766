const before = globalThis.awslambda.InvokeStore?.getRequestId();
exports.handler = async (event, context) => {
  const store = globalThis.awslambda.InvokeStore;
  if (store === undefined) return null;
  const left = store.get("mine") ?? null;
  store.set("mine", event);
  let refusal;
  try {
    store.set(Symbol.for("_AWS_LAMBDA_REQUEST_ID"), "forged");
  } catch (error) {
    refusal = error.message;
  }
  return {
    before,
    left,
    now: store.get("mine"),
    sameId: store.getRequestId() === context.awsRequestId,
    trace: store.getXRayTraceId() ?? null,
    has: store.hasContext(),
    refusal,
  };
};
