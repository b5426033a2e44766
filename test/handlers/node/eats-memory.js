exports.handler = async ({ fine }) => {
  if (fine) return "fine";
  const kept = [];
  for (;;) kept.push(Buffer.alloc(8 * 1024 * 1024, 1));
};
