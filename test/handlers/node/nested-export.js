exports.deep = { er: { handler: async () => "deep" } };
