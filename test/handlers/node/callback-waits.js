exports.handler = (event, context, callback) => {
  setTimeout(() => console.log("the timer ran"), 60);
  callback(null, "answered");
};
