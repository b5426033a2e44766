console.log("at load");
exports.handler = async () => {
  console.log("one %s", "line");
  console.info({ a: 1 });
  console.warn("two\nlines");
  console.error(new Error("logged"));
  console.debug("debug");
  console.trace("trace");
  console.fatal("fatal");
  process.stdout.write("raw out\n");
  process.stderr.write("raw err\n");
};
