/** What else can be thrown: the two clients of AWS differ in most of these. */
exports.symbol = async () => {
  throw Symbol("why");
};
exports.bare = async () => {
  throw Object.create(null);
};
exports.withoutStack = async () => {
  const error = new Error("no stack");
  delete error.stack;
  throw error;
};
exports.withoutPrototype = async () => {
  throw Object.setPrototypeOf(new Error("a stranger"), null);
};
exports.emptyLikeness = async () => {
  throw { name: "Empty", message: "", stack: "none" };
};
exports.aggregate = async () => {
  throw new AggregateError([new Error("one"), new Error("two")], "all failed", { cause: new Error("the cause") });
};
exports.withMembers = async () => {
  throw Object.assign(new Error("coded"), { code: "E_CODE", details: { a: [1] }, status: 418 });
};
exports.silentRejection = async () => {
  void Promise.reject();
  await new Promise((resolve) => setTimeout(resolve, 50));
};
exports.rejectsUnloggable = (event, context, callback) => callback({ toString: () => "of its own", a: 1 });
exports.uncaughtNull = async () => {
  setTimeout(() => {
    throw null;
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
};
let rounds = 0;
exports.throwsBetween = async ({ rejects }) => {
  setImmediate(() => {
    if (rejects) void Promise.reject(new Error("nobody waits"));
    else throw new Error("nobody waits");
  });
  return ++rounds;
};
const named = async () => {
  throw new Error("from a named function");
};
exports.named = named;
