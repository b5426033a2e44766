exports.handler = async () => "inner";
