exports.handler = async (event, context) => ({ variable: process.env._X_AMZN_TRACE_ID ?? null, context: context.xRayTraceId ?? null });
