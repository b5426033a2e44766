exports.handler = async () => {
  const self = {};
  self.self = self;
  return self;
};
