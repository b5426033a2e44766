exports.handler = (event, context) => (event.fails ? context.done("text error") : context.done(null, { by: "done" }));
