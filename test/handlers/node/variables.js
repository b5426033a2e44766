exports.handler = async () => ({ ...process.env, cwd: process.cwd(), umask: process.umask() });
