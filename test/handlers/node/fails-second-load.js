const { existsSync, writeFileSync } = require("node:fs");
if (existsSync("/tmp/loaded")) throw new Error("the second load fails");
writeFileSync("/tmp/loaded", "");
exports.handler = async ({ crash }) => {
  if (crash) process.exit(1);
  return "fine";
};
