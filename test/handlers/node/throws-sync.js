exports.handler = () => {
  throw new Error("boom at once");
};
