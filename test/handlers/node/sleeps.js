const { writeFileSync, readFileSync, existsSync } = require("node:fs");
let rounds = 0;
exports.handler = async ({ ms, busy }, context) => {
  rounds += 1;
  const seen = existsSync("/tmp/mark") ? readFileSync("/tmp/mark", "utf8") : null;
  writeFileSync("/tmp/mark", `round ${rounds}`);
  if (busy) for (;;);
  if (ms) console.log("sleeping");
  if (ms) await new Promise((resolve) => setTimeout(resolve, ms));
  return { rounds, seen, logStream: context.logStreamName };
};
