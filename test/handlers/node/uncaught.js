let rounds = 0;
exports.handler = async (event) => {
  rounds += 1;
  if (event.fine) return rounds;
  setTimeout(() => {
    throw new EvalError("thrown in a timer");
  }, 5);
  return new Promise(() => {});
};
