exports.handler = async (event, context) => ({
  keys: Object.keys(context),
  json: JSON.parse(JSON.stringify(context)),
  types: Object.fromEntries(Object.keys(context).map((key) => [key, typeof context[key]])),
});
