exports.handler = async (event, context) => ({ clientContext: context.clientContext, identity: context.identity, arn: context.invokedFunctionArn });
