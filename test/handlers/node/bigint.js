exports.handler = async () => ({ amount: 1n });
