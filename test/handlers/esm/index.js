const start = await Promise.resolve("ES module by package.json");
export const handler = async () => start;
