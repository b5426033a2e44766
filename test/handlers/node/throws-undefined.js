exports.handler = async () => {
  throw undefined;
};
