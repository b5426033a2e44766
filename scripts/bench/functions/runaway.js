const { spawn } = require("node:child_process");

/** Three children that leave the process group, then a loop that never yields. */
exports.handler = async ({ mark }, context) => {
  let started = 0;
  for (let i = 0; i < 3; i++) {
    const child = spawn("/bin/sleep", [mark], { detached: true, stdio: "ignore" });
    if (child.pid !== undefined) started += 1;
    child.unref();
  }
  console.log(`deadline ${Date.now() + context.getRemainingTimeInMillis()} started ${started}`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (;;) {
    // Busy until killed.
  }
};
