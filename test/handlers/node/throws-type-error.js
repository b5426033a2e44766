exports.handler = async (event) => event.missing.member;
