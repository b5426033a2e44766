exports.handler = async () => {
  throw { name: "Lookalike", message: "almost an error", stack: "Lookalike: almost an error\n    at nowhere" };
};
