exports.handler = async () => {
  throw new Error("a \x7f character, a ü and a 😀");
};
