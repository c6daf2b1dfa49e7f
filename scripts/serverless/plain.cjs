let told = false;

/**
 * The framework prints an error's stack, at each place that wanted what is missing. Whoever mistyped a duration is
 * helped by neither: the message is all there is to see, and once.
 */
exports.plain = (message) => {
  const error = new Error(message);
  error.stack = told ? 'see above' : `\n\n${message}\n`;
  told = true;
  return error;
};
