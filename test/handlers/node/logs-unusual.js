console.log("at load");
exports.handler = async () => {
  console.log();
  console.log(undefined, 1);
  console.log("%s is %d and %j", "this", 4, { a: 1 });
  console.log(new Error("leads", { cause: new TypeError("its cause") }), "and more");
  console.log({ deep: { er: { than: { inspect: 1 } } } }, 10n);
  console.log(10n);
  console.warn("no error", { a: new Error("inside") });
};
