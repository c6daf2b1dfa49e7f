let told = false;

/**
 * An error without a stack. The framework prints the stack once for each place that needed the missing value; this error
 * prints only its message, once.
 */
exports.plain = (message) => {
  const error = new Error(message);
  error.stack = told ? 'see above' : `\n\n${message}\n`;
  told = true;
  return error;
};
