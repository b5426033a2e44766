/** Attempts by event. Odd events fail twice; one environment keeps the count through its failures. */
const attempts = new Map();

exports.handler = async ({ id }) => {
  if (id === undefined) {
    const counts = [...attempts.values()];
    const wrong = [...attempts].filter(([key, count]) => count !== (key % 2 === 0 ? 1 : 3)).length;
    return {
      events: attempts.size,
      runs: counts.reduce((sum, count) => sum + count, 0),
      most: Math.max(0, ...counts),
      wrong,
    };
  }
  const count = (attempts.get(id) ?? 0) + 1;
  attempts.set(id, count);
  if (id % 2 === 1 && count < 3) throw new Error("not yet");
};
