exports.handler = async () => { return ;
