/** Results that have no JSON, and one that has it only by its own word. */
exports.answersFunction = async () => () => 1;
exports.answersSymbol = async () => Symbol("mark");
exports.answersByToJson = async () => ({ hidden: 1, toJSON: () => ({ shown: 2 }) });
exports.answersNested = async () => [undefined, () => 1, NaN, new Date(0), new Map([[1, 2]]), "\ud800"];
exports.answersThrowingJson = async () => ({
  toJSON() {
    throw new RangeError("no JSON of mine");
  },
});
exports.callsBackFunction = (event, context, callback) => callback(null, () => 1);
exports.callsBackCycle = (event, context, callback) => {
  const cycle = {};
  cycle.cycle = cycle;
  context.callbackWaitsForEmptyEventLoop = event.waits;
  callback(null, cycle);
};
exports.promisesAndCallsBack = async (event, context, callback) => {
  callback(null, "by callback");
  if (event.throws) throw new Error("too late");
  return "by promise";
};
exports.thenableFunction = () => {
  const answer = () => 1;
  answer.then = (resolve) => Promise.resolve(resolve("of a function"));
  return answer;
};
class Nested {
  static handler = async () => "static";
}
exports.Nested = Nested;
