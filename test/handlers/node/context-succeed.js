exports.handler = (event, context) => context.succeed({ by: "succeed" });
