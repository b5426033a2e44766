exports.handler = async () => {
  leaveTimer();
  return "answered";
};
function leaveTimer() {
  setTimeout(() => undefined, 60000);
}
