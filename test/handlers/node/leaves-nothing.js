exports.handler = async () => {
  const cleared = setTimeout(() => undefined, 60000);
  clearTimeout(cleared);
  setTimeout(() => undefined, 60000).unref();
  await new Promise((resolve) => setTimeout(resolve, 5));
};
