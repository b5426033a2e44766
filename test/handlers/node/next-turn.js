exports.handler = async () => {
  setImmediate(() => console.log("in the next turn"));
  return "answered";
};
