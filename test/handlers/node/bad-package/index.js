exports.handler = async () => "never";
