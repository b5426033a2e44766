exports.handler = async () => {
  throw { reason: "an object" };
};
