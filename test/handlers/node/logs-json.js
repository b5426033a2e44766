exports.handler = async () => {
  console.log("plain");
  console.log({ an: "object", deep: [1, 2] });
  console.log("two", { args: true });
  console.info(7);
  console.warn(new TypeError("alone"));
  console.error("with", new RangeError("an error"));
  console.debug("below the level");
  console.trace("far below");
  console.fatal("fatal");
  const self = { big: 1n };
  self.self = self;
  console.log(self);
  process.stdout.write("raw\n");
};
