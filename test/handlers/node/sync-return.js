exports.handler = () => ({ ignored: true });
