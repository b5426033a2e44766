exports.handler = async (event, context) => {
  const before = context.getRemainingTimeInMillis();
  await new Promise((resolve) => setTimeout(resolve, 60));
  return { before, after: context.getRemainingTimeInMillis() };
};
