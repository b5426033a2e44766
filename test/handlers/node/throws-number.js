exports.handler = async () => {
  throw 42;
};
