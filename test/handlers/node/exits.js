let rounds = 0;
exports.handler = async ({ code, signal, abort }) => {
  rounds += 1;
  if (abort) process.abort();
  if (signal) process.kill(process.pid, signal);
  if (signal) await new Promise((resolve) => setTimeout(resolve, 5000));
  if (code !== undefined) process.exit(code);
  return rounds;
};
