class OrderError extends Error {
  constructor(message, orderId) {
    super(message);
    this.name = "OrderError";
    this.orderId = orderId;
    this.code = "E_ORDER";
  }
}
exports.handler = async () => {
  throw new OrderError("out of stock", 42);
};
