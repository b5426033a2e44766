exports.handler = () => "a plain value";
