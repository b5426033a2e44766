exports.handler = async ({ size }) => "a".repeat(size - 2);
